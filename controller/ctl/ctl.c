/* Copyright (c) 2026 the ovs-slb authors.
 *
 * Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at:
 *
 *     http://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License. */


#include <config.h>

#include "controller/ctl/ctl.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command-line.h"
#include "dirs.h"
#include "fatal-signal.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/vlog.h"
#include "stream.h"
#include "timeval.h"
#include "util.h"
#include "yaml/slb-schema.h"
#include "yaml/slb-text.h"

#define DEFAULT_TIMEOUT 10
#define DEFAULT_WAIT 30

/* Options that not every subcommand takes. */
enum {
    TAKES_WAIT = 1 << 0,
    TAKES_OUTPUT = 1 << 1,
    TAKES_DEFAULTS = 1 << 2,
    TAKES_COLOR = 1 << 3,
    TAKES_DRY_RUN = 1 << 4,
    TAKES_PRUNE = 1 << 5,
    WORKS_ALONE = 1 << 6,       /* Not an option: needs no database. */
};

static const struct command {
    const char *name;
    const char *args;
    int min_args, max_args;
    int takes;
    ctl_command *run;
    const char *help;
} commands[] = {
    { "explain", "[KIND[.FIELD...]]", 0, 1, WORKS_ALONE, ctl_explain,
"Says what can be declared: the kinds of objects; what KIND is, and its\n"
"fields; what FIELD means, which values it takes, and its default.  For\n"
"instance LoadBalancer.rules.protocol.  Needs no database." },
    { "schema", "", 0, 0, WORKS_ALONE, ctl_schema,
"Prints the JSON Schema of the files, with which editors complete, explain\n"
"and check them (it is yaml/slb.schema.json, too).  A file names it in a\n"
"comment: \"# yaml-language-server: $schema=FILE\".  Needs no database." },
    { "validate", "FILE...", 1, INT_MAX, WORKS_ALONE, ctl_validate,
"Says what is wrong in the files, all of it: each a line\n"
"\"FILE:LINE:COLUMN: what is wrong, what was expected\".  With --db the\n"
"files are checked together with what is in the database, which they may\n"
"refer to; without that option, no database is needed." },
    { "diff", "FILE... [--color=WHEN]", 1, INT_MAX, TAKES_COLOR, ctl_diff,
"Shows what apply would change: + what would be added, - what would go,\n"
"~ what would change.  Exits with status 1 if anything would." },
    { "apply", "FILE... [--wait[=SECONDS]] [--dry-run] [--prune]", 1, INT_MAX,
      TAKES_WAIT | TAKES_DRY_RUN | TAKES_PRUNE, ctl_apply,
"Makes the objects in the database what the files say: all of it at once,\n"
"or nothing.  Each object is declared whole: what is below it and not in\n"
"the file goes.  Objects that are not in the files stay; with --prune they\n"
"are deleted.  Applying the same again changes nothing.  With --dry-run,\n"
"says what would happen, and changes nothing.  With --wait, returns when\n"
"all nodes concerned have it in force, or names those that do not after\n"
"SECONDS (default 30; 0 is for ever).  Members with a probe serve from their\n"
"first success on, which is not waited for: see \"get\"." },
    { "convert", "FILE... [-o yaml|json] [--defaults]", 1, INT_MAX,
      TAKES_OUTPUT | TAKES_DEFAULTS | WORKS_ALONE, ctl_convert,
"Prints what the files say as this program's own YAML, or JSON.  This is for\n"
"load balancers of Azure's, as \"az network lb show\", the portal or a\n"
"template have them; the other commands read these, too.  Needs no\n"
"database." },
    { "get", "[KIND [NAME]] [-o FORMAT] [--defaults]", 0, 2,
      TAKES_OUTPUT | TAKES_DEFAULTS, ctl_get,
"Shows the objects in the database, sorted by name, and whether there is\n"
"anything to know about them (STATUS), such as what is not supported yet;\n"
"\"pending\" is what the manager has not looked at yet.\n"
"FORMAT is table; wide, which shows all there is to know: also options,\n"
"assigned addresses and ports, members and the nodes they are on, and the\n"
"texts of the status, as for a single object by NAME; yaml or json.  What\n"
"these two print, apply accepts, and it is the same for the same objects; on\n"
"a terminal, yaml has the status as comments.  With --defaults, they have\n"
"also what is as by default." },
    { "delete", "KIND NAME", 2, 2, 0, ctl_delete,
"Deletes an object and all below it.  What another object refers to, such\n"
"as a virtual network that a load balancer uses, cannot be deleted." },
    { "nodes", "", 0, 0, 0, ctl_nodes,
"Shows the muxes and hosts: the number of the state they should have in\n"
"force (WANTED), of the one they have (APPLIED), the ports they have seen,\n"
"and what they tell of themselves (STATUS), such as that a mux is\n"
"overloaded, and by whom, or which hosts do not answer it." },
};

static void
print_command(const struct command *command)
{
    char *help = xstrdup(command->help);
    char *save_ptr = NULL;

    printf("  %s%s%s\n", command->name, command->args[0] ? " " : "",
           command->args);
    for (char *line = strtok_r(help, "\n", &save_ptr); line;
         line = strtok_r(NULL, "\n", &save_ptr)) {
        printf("      %s\n", line);
    }
    free(help);
}

/* Exits with 'status', unless what was printed could not be written. */
OVS_NO_RETURN static void
finish(int status)
{
    if (fflush(stdout) || ferror(stdout)) {
        ovs_error(errno, "standard output");
        status = status ? status : CTL_DIFFERENT;
    }
    exit(status);
}

OVS_NO_RETURN static void
usage(const char *name)
{
    if (name) {
        printf("usage: %s [OPTION...] ", program_name);
        for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
            if (!strcmp(commands[i].name, name)) {
                printf("%s %s\n%s\n", commands[i].name, commands[i].args,
                       commands[i].help);
            }
        }
        finish(CTL_OK);
    }

    printf("%s: declare and see the load balancers of an ovs-slb cloud\n"
           "usage: %s [OPTION...] COMMAND [ARG...]\n\nCommands:\n",
           program_name, program_name);
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
        print_command(&commands[i]);
    }
    printf("\nKIND is one of");
    for (size_t i = 0; slb_kinds[i]; i++) {
        printf(" %s", slb_kinds[i]->name);
    }
    printf(",\nin upper or lower case.  FILE is a YAML or JSON file, a folder "
           "(all files\n*.yaml, *.yml and *.json in it, but not in folders "
           "below), or \"-\", standard input;\nyaml/examples/ has some.\n"
           "\nOptions:\n"
           "  --db=REMOTE      the database, several servers separated by "
           "commas\n"
           "                   (default: $SLB_DB, else\n"
           "                   unix:%s/slb.db.sock)\n"
           "  --timeout=SECS   how long to try to reach it (default: %d; 0: "
           "for ever)\n"
           "  -o, --output=FORMAT  table, wide, yaml or json\n"
           "  --defaults       with -o yaml or json: what is as by default, "
           "too\n"
           "  --color=WHEN     always, never, or auto: on a terminal, unless "
           "$NO_COLOR\n"
           "                   is set (default)\n"
           "  -h, --help       this text; of one command: COMMAND --help\n"
           "  -V, --version    the version\n",
           ovs_rundir(), DEFAULT_TIMEOUT);
    vlog_usage();
    printf("\nExit status:\n"
           "  0  done; diff: no difference\n"
           "  1  diff: different; get, delete: not there; or refused by the "
           "database\n"
           "  2  usage, or an error in a file: nothing is changed\n"
           "  3  apply --wait: applied, but not in force on all nodes in "
           "time\n"
           "  4  no answer from the database in time\n");
    finish(CTL_OK);
}

OVS_NO_RETURN OVS_PRINTF_FORMAT(1, 2) static void
usage_error(const char *format, ...)
{
    va_list args;

    fprintf(stderr, "%s: ", program_name);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, " (see %s --help)\n", program_name);
    exit(CTL_USAGE);
}

/* Returns the kind called 'name', in upper or lower case, or NULL after saying
 * that there is none. */
const struct slb_class *
ctl_kind(const char *name)
{
    const char *names[16] = { NULL };
    size_t n = 0;

    for (; slb_kinds[n]; n++) {
        if (!strcasecmp(slb_kinds[n]->name, name)) {
            return slb_kinds[n];
        }
        ovs_assert(n < ARRAY_SIZE(names));
        names[n] = slb_kinds[n]->name;
    }

    const char *nearest = slb_text_nearest(name, names, n);
    struct ds ds = DS_EMPTY_INITIALIZER;
    slb_text_quote(name, &ds);
    if (nearest) {
        ds_put_format(&ds, " is no kind, did you mean %s?", nearest);
    } else {
        ds_put_cstr(&ds, " is no kind, expected ");
        for (size_t i = 0; i < n; i++) {
            ds_put_format(&ds, "%s%s",
                          !i ? "" : i + 1 < n ? ", " : " or ", names[i]);
        }
    }
    fprintf(stderr, "%s: %s\n", program_name, ds_cstr(&ds));
    ds_destroy(&ds);
    return NULL;
}

static const struct command *
find_command(const char *name)
{
    const char *names[ARRAY_SIZE(commands)];

    for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
        if (!strcmp(commands[i].name, name)) {
            return &commands[i];
        }
        names[i] = commands[i].name;
    }

    const char *nearest = slb_text_nearest(name, names, ARRAY_SIZE(names));
    if (nearest) {
        usage_error("unknown command '%s', did you mean '%s'?", name, nearest);
    }
    usage_error("unknown command '%s'", name);
}

/* Checks that 'command' takes the options that were 'given'. */
static void
check_taken(const struct command *command, int given)
{
    static const struct {
        int bit;
        const char *name;
    } options[] = {
        { TAKES_WAIT, "wait" },
        { TAKES_OUTPUT, "output" },
        { TAKES_DEFAULTS, "defaults" },
        { TAKES_COLOR, "color" },
        { TAKES_DRY_RUN, "dry-run" },
        { TAKES_PRUNE, "prune" },
    };

    for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
        if (given & ~command->takes & options[i].bit) {
            usage_error("'%s' takes no --%s", command->name, options[i].name);
        }
    }
}

static int
parse_seconds(const char *option, const char *text)
{
    int seconds;

    if (!str_to_int(text, 10, &seconds) || seconds < 0
        || seconds > 1000 * 1000) {
        usage_error("--%s is '%s', expected a number of seconds", option,
                    text);
    }
    return seconds;
}

/* Checks that each of the remotes in 'db' is one: it would be tried in vain
 * until the time is over. */
static void
check_remotes(const char *db)
{
    char *remotes = xstrdup(db);
    char *save_ptr = NULL;
    size_t n = 0;

    for (char *remote = strtok_r(remotes, ",", &save_ptr); remote;
         remote = strtok_r(NULL, ",", &save_ptr)) {
        if (stream_verify_name(remote) && pstream_verify_name(remote)) {
            usage_error("the database's remote is '%s', expected "
                        "unix:FILE or tcp:ADDRESS:PORT", remote);
        }
        n++;
    }
    if (!n) {
        usage_error("the database's remote is empty, expected unix:FILE or "
                    "tcp:ADDRESS:PORT");
    }
    free(remotes);
}

static enum ctl_format
parse_format(const char *text)
{
    static const char *const formats[] = {
        [CTL_TABLE] = "table", [CTL_WIDE] = "wide", [CTL_YAML] = "yaml",
        [CTL_JSON] = "json",
    };

    for (size_t i = CTL_TABLE; i < ARRAY_SIZE(formats); i++) {
        if (!strcmp(text, formats[i])) {
            return i;
        }
    }
    usage_error("--output is '%s', expected table, wide, yaml or json", text);
}

static enum ctl_color
parse_color(const char *text)
{
    static const char *const colors[] = {
        [CTL_COLOR_AUTO] = "auto", [CTL_COLOR_ALWAYS] = "always",
        [CTL_COLOR_NEVER] = "never",
    };

    for (size_t i = 0; i < ARRAY_SIZE(colors); i++) {
        if (!strcmp(text, colors[i])) {
            return i;
        }
    }
    usage_error("--color is '%s', expected auto, always or never", text);
}

/* Reads the options, which may be anywhere, and leaves the other arguments
 * from 'optind' on.  Returns which of the options that not every subcommand
 * takes there are. */
static int
parse_options(struct ctl_options *options, int argc, char *argv[])
{
    enum {
        OPT_DB = UCHAR_MAX + 1,
        OPT_TIMEOUT,
        OPT_WAIT,
        OPT_DRY_RUN,
        OPT_PRUNE,
        OPT_DEFAULTS,
        OPT_COLOR,
        VLOG_OPTION_ENUMS,
    };
    static const struct option long_options[] = {
        {"db", required_argument, NULL, OPT_DB},
        {"timeout", required_argument, NULL, OPT_TIMEOUT},
        {"wait", optional_argument, NULL, OPT_WAIT},
        {"dry-run", no_argument, NULL, OPT_DRY_RUN},
        {"prune", no_argument, NULL, OPT_PRUNE},
        {"output", required_argument, NULL, 'o'},
        {"defaults", no_argument, NULL, OPT_DEFAULTS},
        {"color", optional_argument, NULL, OPT_COLOR},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},
        VLOG_LONG_OPTIONS,
        {NULL, 0, NULL, 0},
    };
    const char *env = getenv("SLB_DB");
    bool help = false;
    int given = 0;

    *options = (struct ctl_options) {
        .timeout = DEFAULT_TIMEOUT, .wait_seconds = DEFAULT_WAIT,
    };
    if (env && env[0]) {
        options->db = xstrdup(env);
    } else {
        options->db = xasprintf("unix:%s/slb.db.sock", ovs_rundir());
    }

    for (;;) {
        int c = getopt_long(argc, argv, "o:hVv::", long_options, NULL);
        if (c == -1) {
            break;
        }
        switch (c) {
        case OPT_DB:
            free(options->db);
            options->db = xstrdup(optarg);
            options->db_given = true;
            break;

        case OPT_TIMEOUT:
            options->timeout = parse_seconds("timeout", optarg);
            break;

        case OPT_WAIT:
            options->wait = true;
            if (optarg) {
                options->wait_seconds = parse_seconds("wait", optarg);
            }
            given |= TAKES_WAIT;
            break;

        case OPT_DRY_RUN:
            options->dry_run = true;
            given |= TAKES_DRY_RUN;
            break;

        case OPT_PRUNE:
            options->prune = true;
            given |= TAKES_PRUNE;
            break;

        case 'o':
            options->format = parse_format(optarg);
            given |= TAKES_OUTPUT;
            break;

        case OPT_DEFAULTS:
            options->defaults = true;
            given |= TAKES_DEFAULTS;
            break;

        case OPT_COLOR:
            options->color = optarg ? parse_color(optarg) : CTL_COLOR_ALWAYS;
            given |= TAKES_COLOR;
            break;

        case 'h':
            help = true;
            break;

        case 'V':
            ovs_print_version(0, 0);
            finish(CTL_OK);

        VLOG_OPTION_HANDLERS

        case '?':
        default:
            usage_error("bad option");
        }
    }
    if (help) {
        usage(optind < argc ? find_command(argv[optind])->name : NULL);
    }
    return given;
}

int
main(int argc, char *argv[])
{
    struct ctl_options options;

    /* All that a large file or database takes is needed until the end: it is
     * not worth while to give some of it back in between. */
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
    mallopt(M_TOP_PAD, 1 << 22);

    ovs_cmdl_proctitle_init(argc, argv);
    ovs_set_program_name(argv[0], SLB_VERSION);
    fatal_ignore_sigpipe();

    /* What users have to know, slb-ctl tells them itself. */
    vlog_set_levels(NULL, VLF_CONSOLE, VLL_WARN);
    vlog_set_levels(NULL, VLF_SYSLOG, VLL_OFF);
    vlog_set_levels_from_string_assert("ovsdb_idl:console:err");
    vlog_set_levels_from_string_assert("jsonrpc:console:err");
    vlog_set_levels_from_string_assert("timeval:console:err");

    int given = parse_options(&options, argc, argv);
    if (optind >= argc) {
        usage_error("missing command");
    }

    const struct command *command = find_command(argv[optind++]);
    int n = argc - optind;
    if (n < command->min_args || n > command->max_args) {
        usage_error("usage: %s %s", command->name, command->args);
    }
    check_taken(command, given);
    bool is_text = (options.format == CTL_YAML || options.format == CTL_JSON
                    || (options.format == CTL_FORMAT_DEFAULT
                        && command->run == ctl_convert));
    if (command->run == ctl_convert && !is_text) {
        usage_error("'convert' prints no tables, expected -o yaml or -o "
                    "json");
    }
    if (options.defaults && !is_text) {
        usage_error("--defaults goes with -o yaml or -o json");
    }
    if (options.db_given || !(command->takes & WORKS_ALONE)) {
        check_remotes(options.db);
    }

    int retval = command->run(&options, n, argv + optind);
    free(options.db);
    finish(retval);
}
