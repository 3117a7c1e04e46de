#!/usr/bin/python3
# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.
"""Each field of the language has a test that shows its effect, or that it is
said to be not supported yet: a test that does has a comment "shows: FIELD...",
with fields as "slb-ctl explain" takes them."""

import json
import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
SOURCE = os.path.join(os.path.dirname(os.path.realpath(__file__)), '../../..')
sys.path.insert(0, os.path.join(SOURCE, 'tests/lib'))
import tap  # noqa: E402

CTL = os.path.join(os.environ.get('SLB_BUILDDIR',
                                  os.path.join(SOURCE, '_build')),
                   'controller/slb-ctl')
KINDS = ['VirtualNetwork', 'PublicIPPrefix', 'LoadBalancer', 'AzureIds']


def fields(classes, name, path):
    """The fields of class 'name', and of those it lists."""
    for key, value in classes[name]['properties'].items():
        if key == 'kind':
            continue
        yield f'{path}.{key}'
        item = value.get('items', {}).get('$ref', '').rpartition('/')[2]
        if item in classes and 'properties' in classes[item]:
            yield from fields(classes, item, f'{path}.{key}')


def shown():
    """Where which field is said to be shown."""
    places = {}
    for folder, _, names in os.walk(os.path.join(SOURCE, 'tests')):
        for name in sorted(names):
            if not name.endswith(('.t', '.c')):
                continue
            path = os.path.relpath(os.path.join(folder, name), SOURCE)
            with open(os.path.join(SOURCE, path), encoding='utf-8') as file:
                for number, line in enumerate(file, 1):
                    match = re.match(r'\s*(?:#|/?\*) shows: ([\w. ]+)', line)
                    for field in match.group(1).split() if match else []:
                        places.setdefault(field, []).append(
                            f'{path}:{number}')
    return places


def main():
    t = tap.Tap()
    schema = json.loads(subprocess.run([CTL, 'schema'], check=True,
                                       stdout=subprocess.PIPE).stdout)
    classes = schema['definitions']
    # All kinds that a file can have are here.
    explained = subprocess.run([CTL, 'explain'], check=True, text=True,
                               stdout=subprocess.PIPE).stdout
    t.is_(re.findall(r'^\w+', explained, re.M), KINDS, 'the kinds')

    names = [field for kind in KINDS for field in fields(classes, kind, kind)]
    places = shown()
    for name in names:
        t.ok(name in places,
             f'{name}: {", ".join(places.get(name, ["nowhere"]))}')
    t.is_(sorted(set(places) - set(names)), [],
          'no others are said to be shown')
    t.done()


main()
