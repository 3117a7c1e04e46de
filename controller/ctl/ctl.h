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


#ifndef CTL_H
#define CTL_H 1

/* slb-ctl: the subcommands, and what they have in common.
 *
 * ctl.c        main(), options, help
 * ctl-apply.c  validate, diff, apply, delete
 * ctl-convert.c  convert
 * ctl-show.c   get, nodes
 * ctl-explain.c  explain, schema
 * ctl-overview.c  tables of objects
 * ctl-state.c  what the manager says of objects
 * ctl-table.c  tables of anything
 * ctl-color.c  colours
 * ctl-commit.c making changes, whole or not at all
 * ctl-db.c     the connection to the database
 * ctl-pipe.c   another one, for transactions and questions
 * ctl-model.c  objects of the language (yaml/) from and to rows
 * ctl-wait.c   waiting until nodes have what was applied
 *
 * A subcommand is a function that returns the program's exit status, having
 * said on standard error what went wrong.  Standard output has the result
 * only. */

#include <stdbool.h>

#include "controller/ctl/ctl-color.h"

struct slb_input;

/* Exit statuses, as --help has them. */
enum {
    CTL_OK = 0,
    CTL_DIFFERENT = 1,          /* Or not found, or refused. */
    CTL_USAGE = 2,              /* Or bad input. */
    CTL_NOT_APPLIED = 3,        /* By all nodes, in time. */
    CTL_NO_DATABASE = 4,
};

enum ctl_format {
    CTL_FORMAT_DEFAULT,         /* Of the command. */
    CTL_TABLE,
    CTL_WIDE,                   /* The same with all there is. */
    CTL_YAML,
    CTL_JSON,
};

struct ctl_options {
    char *db;                   /* The database's remote. */
    bool db_given;              /* By option, not by environment. */
    int timeout;                /* Seconds for the database; 0: for ever. */
    bool dry_run;               /* apply: change nothing. */
    bool prune;                 /* apply: delete what is not in the files. */
    bool wait;                  /* For the nodes... */
    int wait_seconds;           /* ...for so long; 0: for ever. */
    enum ctl_format format;
    bool defaults;              /* Write out what is as by default. */
    enum ctl_color color;       /* Of standard output. */
};

/* A subcommand.  'args' are what follows it but for options, 'n' of them, and
 * a NULL. */
typedef int ctl_command(const struct ctl_options *, int n, char *args[]);

ctl_command ctl_validate;
ctl_command ctl_convert;
ctl_command ctl_diff;
ctl_command ctl_apply;
ctl_command ctl_delete;
ctl_command ctl_get;
ctl_command ctl_nodes;
ctl_command ctl_explain;
ctl_command ctl_schema;

const struct slb_class *ctl_kind(const char *);
void ctl_report_warnings(struct slb_input *);
bool ctl_report_errors(struct slb_input *);

#endif /* controller/ctl/ctl.h */
