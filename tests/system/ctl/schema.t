#!/usr/bin/python3
# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.
"""The parser, "slb-ctl explain" and the JSON Schema say the same of the
language: they have the same keys, and of each value, at and beyond each
limit, the parser and the schema have the same opinion, in numbers that are
those of "explain"."""

import copy
import glob
import json
import os
import re
import subprocess
import sys
import tempfile

import jsonschema
import yaml

sys.dont_write_bytecode = True
SOURCE = os.path.join(os.path.dirname(os.path.realpath(__file__)), '../../..')
sys.path.insert(0, os.path.join(SOURCE, 'tests/lib'))
import tap  # noqa: E402

CTL = os.path.join(os.environ.get('SLB_BUILDDIR',
                                  os.path.join(SOURCE, '_build')),
                   'controller/slb-ctl')

# Objects in which there is one of each class.  Each field of these is given
# one wrong value after another.
BASE = """
- kind: VirtualNetwork
  name: prod
  subnets:
  - {name: web, prefix: 10.0.1.0/24}
- kind: PublicIPPrefix
  name: outside
  prefix: 20.50.61.0/28
- kind: LoadBalancer
  name: web
  network: prod
  frontends:
  - {name: public, address: 20.50.60.10}
  backendPools:
  - name: servers
    members:
    - {name: vm1, address: 10.0.1.4}
  probes:
  - {name: health, protocol: Http, port: 80, requestPath: /health}
  rules:
  - {name: http, frontend: public, backendPool: servers, protocol: Tcp,
     frontendPort: 80, backendPort: 8080}
  inboundNatRules:
  - {name: ssh, frontend: public, protocol: Tcp, frontendPort: 50001,
     backendPort: 22, target: vm1}
  inboundNatPools:
  - {name: rdp, frontend: public, backendPool: servers, protocol: Tcp,
     frontendPortRangeStart: 50100, frontendPortRangeEnd: 50199,
     backendPort: 3389}
  outboundRules:
  - {name: out, frontends: [public], backendPool: servers}
- kind: AzureIds
  ids:
  - {id: publicIPAddresses/pip1, address: 20.50.60.10}
"""

NO_VALUES = [None, {}, [[]]]
NAMES = ['a', '_', '9', 'A-_.9', 'x' * 80, 'x' * 81, '', '-a', '.a', 'a b',
         'a/b', '\u00e9', 6, 1.5, -6, True]
TEXTS = ['a', '/a?b=c#d', 'a b', '', '\u00e9', 'a\u007f', 6, True]
ADDRESSES = ['10.0.1.4', '255.255.255.255', '256.1.1.1', '1.2.3', '1.2.3.4.5',
             '01.2.3.4', '1.2.3.4/32', '::1', '1::', '2001:db8::10',
             '2001:DB8::A', '1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7',
             '1:2:3:4:5:6:7:8:9', '1::2::3', '1:2:3:4:5:6:7::',
             '::2:3:4:5:6:7:8', '1::3:4:5:6:7:8', '12345::', 'g::',
             '::', '::ffff:1.2.3.4', '::FFFF:102:304', '::fffe:102:304',
             '64:ff9b::1.2.3.4', '1:2:3:4:5:6:1.2.3.4',
             '1:2:3:4:5:6:7:1.2.3.4',
             'fe80::1%eth0', 'host', '', 6, True]
PREFIXES = ['10.0.1.0/24', '0.0.0.0/0', '1.2.3.4/32', '10.0.0.0/33',
            '10.0.0.0/08', '10.0.0.0/', '10.0.0.0', '10.0.0.0/a', '10/8',
            '10.0.0.0/255.0.0.0', '::/0', '::1/128', '2001:db8::/129',
            '2001:db8::/032', '2001:db8::/32', '2001:db8::', '', 6, True]


def run(*args):
    return subprocess.run([CTL] + list(args), stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=60,
                          check=False)


class Loader(yaml.SafeLoader):
    """YAML as editors read it, by the rules of YAML 1.2."""


Loader.yaml_implicit_resolvers = {}
for tag, regexp, first in (
        ('bool', r'^(?:true|True|TRUE|false|False|FALSE)$', 'tTfF'),
        ('null', r'^(?:~|null|Null|NULL|)$', ['~', 'n', 'N', '']),
        ('int', r'^[-+]?[0-9]+$', '-+0123456789'),
        ('float', r'^[-+]?[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?$',
         '-+.0123456789')):
    Loader.add_implicit_resolver('tag:yaml.org,2002:' + tag,
                                 re.compile(regexp), list(first))


class Explained:
    """What "slb-ctl explain" says of a field."""

    def __init__(self, path):
        text = run('explain', path).stdout
        self.value = re.search('^Value: +(.*)$', text, re.M).group(1)
        self.required = re.search('^Required: yes$', text, re.M) is not None
        default = re.search('^Default: +(.*)$', text, re.M)
        self.default = default.group(1) if default else None


def explained_fields(path):
    """The names of the fields in the table of "slb-ctl explain"."""
    text = run('explain', path).stdout
    table = text[text.index('\nFIELD '):text.index('\nExample:')]
    return re.findall(r'^([A-Za-z]+) ', table, re.M)[1:]


def parsed_fields(documents, place):
    """The keys that the parser knows, which it names when it gets one that
    is not like any of them."""
    documents = copy.deepcopy(documents)
    find(documents, place)['qqqqqqqqqqqq'] = 1
    message = re.search(r"unknown key 'qqqqqqqqqqqq' in an? [^,]*, expected "
                        '(.*)$', validate(documents), re.M)
    return re.split(', | or ', message.group(1))


def find(documents, place):
    for key in place:
        documents = documents[key]
    return documents


def validate(documents):
    with open(FILE, 'w', encoding='utf-8') as file:
        json.dump(documents, file)
    return run('validate', FILE).stderr


def parser_objects(documents, field='', value=''):
    """What the parser has against 'documents', in which 'field' is something
    else; that is not what the checks between objects have."""
    wrong = re.compile(
        "unknown key|the key '[a-zA-Z]*' is missing in|"
        'expected a map with the keys|'
        "an entry of '{0}' (?!.* but there is no )|'{0}' has the entry|"
        "'{0}' .*expected {1}".format(field, re.escape(value)))
    return '\n'.join(line for line in validate(documents).splitlines()
                     if wrong.search(line))


def values_of(schema):
    """Values at and beyond the limits of 'schema', which is a field's."""
    if 'enum' in schema:
        return (schema['enum'] + NO_VALUES
                + [schema['enum'][0].lower(), 'x', '', 0])
    if 'anyOf' in schema:
        return [value for one in schema['anyOf'] for value in values_of(one)]
    if 'allOf' in schema:
        return ((ADDRESSES if 'Address' in schema['allOf'][0]['$ref']
                 else PREFIXES) + NO_VALUES)
    if schema['type'] == 'boolean':
        return [True, False, 'true', 'yes', 0, 1, ''] + NO_VALUES
    if schema['type'] == 'integer':
        low, high = schema['minimum'], schema['maximum']
        step = schema.get('multipleOf', 1)
        return [low - step, low - 1, low, low + 1, low + step, high - step,
                high - 1, high, high + 1, high + step, str(low), 10 ** 12,
                low + 0.5, 'x', '', True] + NO_VALUES
    if schema['type'] == 'array':
        items = schema['items']
        if items.get('$ref', '').endswith('/Prefix'):
            entries = [prefix for prefix in PREFIXES] + [None]
        elif '$ref' in items:
            return [[], ['x'], [{}], [None], [{'qqqqqqqqqqqq': 1}], 'x', 6,
                    None, {}]
        else:
            entries = NAMES + [None]
        return ([[], 'x', None, {}, [['x']], [{}]]
                + [[entry] for entry in entries] + [[entries[0]] * 2]
                + [entries[:2]])
    limit = schema['maxLength']
    return ((TEXTS if '!-~' in schema['pattern'] else NAMES)
            + ['x' * limit, 'x' * (limit + 1)] + NO_VALUES)


def numbers(schema, explained):
    """The limits of an integer, in the schema and in words."""
    integer = schema['anyOf'][0] if 'anyOf' in schema else schema
    words = schema['anyOf'][1]['enum'] if 'anyOf' in schema else []
    match = re.match(r'(?:an integer|a multiple of ([0-9]+)) from (-?[0-9]+) '
                     'to ([0-9]+)(.*)$', explained.value)
    return ([integer.get('multipleOf', 1), integer['minimum'],
             integer['maximum'], words],
            [int(match.group(1) or 1), int(match.group(2)),
             int(match.group(3)),
             [word for word in re.split(', | or ', match.group(4)) if word]])


def check_field(t, path, place, documents, schema, required, validator):
    """Compares what the three have to say about the field 'path', which is at
    'place' in 'documents'."""
    explained = Explained(path)
    name = place[-1]
    t.is_(required, explained.required, path + ': required')

    default = schema.get('default')
    if 'default' in schema:
        text = ('[]' if default == [] else json.dumps(default).strip('"'))
        t.is_(text, explained.default, path + ': default')
    if schema.get('type') == 'integer' or 'anyOf' in schema:
        t.is_(*numbers(schema, explained), path + ': limits')
    elif 'enum' in schema:
        t.is_(schema['enum'], re.split(', | or ', explained.value),
              path + ': values')

    wrong = []
    opinions = set()
    for value in values_of(schema):
        changed = copy.deepcopy(documents)
        find(changed, place[:-1])[name] = value
        parser = parser_objects(changed, name, explained.value)
        error = jsonschema.exceptions.best_match(
            validator.iter_errors(changed))
        schemas = error.message if error else None
        opinions.add(bool(parser))
        if bool(parser) != bool(schemas):
            wrong.append('%s: parser: %s; schema: %s' % (
                json.dumps(value), parser or 'right', schemas or 'right'))
    t.ok(not wrong, path + ': parser and schema agree on values', *wrong)
    t.is_(opinions, {True, False}, path + ': on right and on wrong ones')


def check_class(t, path, place, documents, definitions, name, validator):
    """Compares what the three have to say about the class 'name', of which
    the object at 'place' in 'documents' is one, and those below it."""
    schema = definitions[name]
    properties = schema['properties']
    required = schema.get('required', [])
    keys = list(properties)

    t.is_(sorted(explained_fields(path)), sorted(keys), path + ': explain '
          'and the schema have the same fields')
    t.is_(sorted(parsed_fields(documents, place)), sorted(keys),
          path + ': and the parser')

    for key in required:
        changed = copy.deepcopy(documents)
        del find(changed, place)[key]
        if key != 'kind':
            t.ok(parser_objects(changed, key), '%s: the parser misses %s'
                 % (path, key))
        t.ok(not validator.is_valid(changed), '%s: the schema misses %s'
             % (path, key))
    for key in set(keys) - set(required):
        changed = copy.deepcopy(documents)
        find(changed, place).pop(key, None)
        t.ok(validator.is_valid(changed), '%s: the schema does not miss %s'
             % (path, key))
    changed = copy.deepcopy(documents)
    find(changed, place)['qqqqqqqqqqqq'] = 1
    t.ok(not validator.is_valid(changed), path + ': an unknown key')

    for key, value in properties.items():
        if key == 'kind':
            continue
        check_field(t, '%s.%s' % (path, key), place + [key], documents, value,
                    key in required, validator)
        item = value.get('items', {}).get('$ref', '').split('/')[-1]
        if item and item != 'Prefix':
            check_class(t, '%s.%s' % (path, key), place + [key, 0], documents,
                        definitions, item, validator)


def check_files(t, validator):
    """Whatever slb-ctl takes is right by the schema."""
    files = sorted(path for pattern in ('yaml/examples/*.yaml',
                                        'tests/unit/yaml-good/*.yaml',
                                        'tests/unit/azure/*.json',
                                        'tests/unit/azure/*.yaml')
                   for path in glob.glob(os.path.join(SOURCE, pattern)))
    for path in files:
        with open(path, encoding='utf-8') as file:
            documents = [document for document
                         in yaml.load_all(file, Loader=Loader)
                         if document is not None]
        errors = [error.message for document in documents
                  for error in validator.iter_errors(document)]
        t.ok(documents and not errors, os.path.relpath(path, SOURCE)
             + ' is right by the schema', *errors)
    t.ok(files, 'there are such files')


def check_wrong_files(t, validator):
    """Of wrong files, the schema sees those that are wrong in what a value
    may be."""
    of_value = re.compile(
        "unknown key|the key '[a-zA-Z]*' is missing in|"
        'expected a map with the keys|has the entry .* twice|'
        'expected (an integer from|a multiple of|true or false|an IPv4 or |'
        '[A-Z][A-Za-z]*(, [A-Z][A-Za-z]*)* or [A-Z]|1 to |a list of|'
        'the name of an? (?!port))')
    n = 0
    for path in sorted(glob.glob(os.path.join(
            SOURCE, 'tests/unit/yaml-errors/*.yaml'))):
        with open(path[:-len('.yaml')] + '.err', encoding='utf-8') as file:
            # What is wrong "since" another value is something is not meant.
            if not any(of_value.search(line) and ', since ' not in line
                       for line in file):
                continue
        try:
            with open(path, encoding='utf-8') as file:
                documents = list(yaml.load_all(file, Loader=Loader))
        except (yaml.YAMLError, ValueError):
            continue
        n += 1
        t.ok(not all(validator.is_valid(document) for document in documents
                     if document is not None),
             os.path.relpath(path, SOURCE) + ' is wrong by the schema')
    t.ok(n > 30, 'there are many such files', n)


def main():
    t = tap.Tap()
    text = run('schema').stdout
    with open(os.path.join(SOURCE, 'yaml/slb.schema.json'),
              encoding='utf-8') as file:
        t.ok(file.read() == text, 'yaml/slb.schema.json is up to date',
             'run: make schema')

    schema = json.loads(text)
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(schema)
    t.ok(True, 'the schema is one')
    check_files(t, validator)
    check_wrong_files(t, validator)

    documents = yaml.safe_load(BASE)
    t.is_(validate(documents), '',
          'what is made wrong is right at first, for slb-ctl')
    t.ok(validator.is_valid(documents), 'and by the schema')
    for i, document in enumerate(documents):
        t.ok(validator.is_valid(document), document['kind'] + ' alone')
        check_class(t, document['kind'], [i], documents,
                    schema['definitions'], document['kind'], validator)
    t.is_(sorted(definition['$ref'].split('/')[-1] for definition
                 in schema['definitions']['Document']['oneOf']),
          sorted([document['kind'] for document in documents] + ['Azure']),
          'these are all kinds, but for load balancers of Azure\'s')
    t.is_(sorted(re.findall('^([A-Z][A-Za-z]*)$', run('explain').stdout,
                            re.M)),
          sorted(document['kind'] for document in documents),
          'explain has all kinds')

    for wrong in ({}, {'kind': 'x'}, {'name': 'x'}, 'x', None, 6, ['x'],
                  [{}]):
        t.ok(not validator.is_valid(wrong), 'no document: %r' % (wrong,))
    member = {'weight': 1}
    changed = copy.deepcopy(documents)
    changed[2]['backendPools'][0]['members'] = [member]
    t.ok(parser_objects(changed) and not validator.is_valid(changed),
         'a member with neither name nor address')
    for key, value in (('name', 'vm1'), ('address', '10.0.1.4')):
        changed[2]['backendPools'][0]['members'] = [dict(member,
                                                         **{key: value})]
        t.ok(not parser_objects(changed) and validator.is_valid(changed),
             'a member with only ' + key)

    # The one value that the parser alone sees to be wrong.
    changed = copy.deepcopy(documents)
    changed[1]['prefix'] = '20.50.61.1/28'
    t.ok('bits set after the prefix' in validate(changed)
         and validator.is_valid(changed), 'bits after a prefix')
    t.done()


with tempfile.TemporaryDirectory(prefix='slb-test.') as directory:
    FILE = os.path.join(directory, 'x.json')
    main()
