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

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "controller/ctl/ctl-commit.h"
#include "controller/ctl/ctl-db.h"
#include "controller/ctl/ctl-model.h"
#include "controller/ctl/ctl-narrow.h"
#include "controller/ctl/ctl-snapshot.h"
#include "controller/ctl/ctl-wait.h"
#include "lib/slb-idl.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/shash.h"
#include "util.h"
#include "yaml/slb-diff.h"
#include "yaml/slb-parse.h"
#include "yaml/slb-schema.h"
#include "yaml/slb-validate.h"

/* Prints the warnings of 'input'. */
void
ctl_report_warnings(struct slb_input *input)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    slb_errors_format(&input->warnings, &ds);
    fputs(ds_cstr(&ds), stderr);
    ds_destroy(&ds);
}

/* Prints the errors of 'input'.  Returns true if there are none. */
bool
ctl_report_errors(struct slb_input *input)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    slb_errors_format(&input->errors, &ds);
    fputs(ds_cstr(&ds), stderr);
    ds_destroy(&ds);
    return !input->errors.n;
}

/* Reads 'paths' into 'input'.  If there are errors already, which need no
 * database to be found, reports them and those between the files, and returns
 * false. */
static bool
read_files(struct slb_input *input, char *paths[])
{
    slb_input_init(input);
    for (; *paths; paths++) {
        slb_input_add_file(input, *paths);
    }
    slb_input_finish(input);
    ctl_report_warnings(input);
    if (!input->errors.n) {
        return true;
    }

    /* What is not in the files may be in the database. */
    input->incomplete = true;
    slb_validate(input, NULL);
    return ctl_report_errors(input);
}

/* Validates 'input' against 'base'.  Returns true if it is valid, otherwise
 * reports why not. */
static bool
validate(struct slb_input *input, const struct slb_model *base)
{
    slb_validate(input, base);
    return ctl_report_errors(input);
}

/* What users have declared so far. */
struct base {
    struct ctl_snapshot *snapshot;
    struct slb_model model;
};

/* Files of more octets than this may well have much to do with what is in the
 * database. */
#define LARGE_FILE 65536

/* Whether one of 'paths' may be large. */
static bool
are_large(char *paths[])
{
    struct stat s;

    for (; *paths; paths++) {
        if (stat(*paths, &s) || !S_ISREG(s.st_mode)
            || s.st_size > LARGE_FILE) {
            return true;
        }
    }
    return false;
}

/* Prepares 'db' for reading what users declare. */
static void
prepare_database(struct ctl_db *db, const struct ctl_options *options)
{
    ctl_db_init(db, options);
    ctl_model_monitor(db->idl);
}

/* Reads 'base' from 'snapshot', which it takes over, or, if that is NULL, all
 * of it from the contents of 'db'.  Returns false, after saying so, if it
 * cannot be had.  base_destroy() must be called only if it can. */
static bool
base_read(struct base *base, struct ctl_db *db, struct ctl_snapshot *snapshot)
{
    if (!snapshot) {
        bool ok = (ovsdb_idl_has_ever_connected(db->idl)
                   ? ctl_db_renew(db) : ctl_db_connect(db));

        if (!ok || !ctl_model_check(db->idl)) {
            return false;
        }
        snapshot = ctl_snapshot_create();
        ctl_model_add_idl(snapshot, db->idl);
    }
    base->snapshot = snapshot;
    slb_model_init(&base->model);
    ctl_model_read(snapshot, &base->model);
    return true;
}

static void
base_destroy(struct base *base)
{
    slb_model_destroy(&base->model);
    ctl_snapshot_destroy(base->snapshot);
}

/* slb-ctl validate FILE... */
int
ctl_validate(const struct ctl_options *options, int n OVS_UNUSED,
             char *args[])
{
    struct slb_input input;
    int retval = CTL_USAGE;

    if (!read_files(&input, args)) {
        goto exit;
    }
    if (!options->db_given) {
        retval = validate(&input, NULL) ? CTL_OK : CTL_USAGE;
        goto exit;
    }

    struct ctl_db db;
    struct base base;
    prepare_database(&db, options);
    if (base_read(&base, &db, NULL)) {
        retval = validate(&input, &base.model) ? CTL_OK : CTL_USAGE;
        base_destroy(&base);
    } else {
        retval = CTL_NO_DATABASE;
    }
    ctl_db_destroy(&db);

exit:
    slb_input_destroy(&input);
    return retval;
}

/* Appends the changes that make the objects of 'base' those of 'model', if
 * they are in 'model', to 'ds'.  Returns the number of changes. */
static size_t
diff_models(const struct slb_model *base, const struct slb_model *model,
            struct ds *ds)
{
    size_t n = 0;

    for (size_t i = 0; slb_kinds[i]; i++) {
        const struct slb_list *list = slb_model_list(model, slb_kinds[i]);
        struct shash index = SHASH_INITIALIZER(&index);

        slb_list_index(slb_model_list(base, slb_kinds[i]), &index);
        for (size_t j = 0; j < list->n; j++) {
            n += slb_diff(shash_find_data(&index, list->at[j]->name),
                          list->at[j], ds);
        }
        shash_destroy(&index);
    }
    return n;
}

/* slb-ctl diff FILE... */
int
ctl_diff(const struct ctl_options *options, int n OVS_UNUSED, char *args[])
{
    struct slb_input input;
    struct base base;
    struct ctl_db db;
    int retval;

    prepare_database(&db, options);
    if (are_large(args)) {
        ctl_db_prepare(&db);
    }
    if (!read_files(&input, args)) {
        retval = CTL_USAGE;
    } else if (base_read(&base, &db, ctl_narrow_read_for(&db,
                                                         &input.model))) {
        if (validate(&input, &base.model)) {
            struct ds ds = DS_EMPTY_INITIALIZER;

            retval = (diff_models(&base.model, &input.model, &ds)
                      ? CTL_DIFFERENT : CTL_OK);
            ctl_color_print_diff(ds_cstr(&ds), options->color);
            ds_destroy(&ds);
        } else {
            retval = CTL_USAGE;
        }
        base_destroy(&base);
    } else {
        retval = CTL_NO_DATABASE;
    }
    ctl_db_destroy(&db);
    slb_input_destroy(&input);
    return retval;
}

/* Changing. */

enum verdict {
    SEND,                       /* The change is to be made. */
    NOTHING,                    /* All is as it should be. */
    REFUSE,                     /* That cannot be; it has been reported. */
};

/* Fills in a change to 'base', what users have declared so far, and says what
 * is to become of it.  Is called again if somebody else was faster, or if the
 * connection broke before there was an answer: then the change 'may_be_made'
 * already.  (Who was faster may have been oneself: a server that was the leader
 * for a moment only repeats what it was asked.) */
typedef enum verdict make_change(void *aux, const struct slb_model *base,
                                 bool may_be_made, struct ctl_change *);

/* Reads what such a change has to do with in the database.  Returns NULL if
 * that may be all of it. */
typedef struct ctl_snapshot *read_narrow(void *aux, const struct ctl_db *);

/* Says why the database has refused a change. */
static void
report_refusal(const char *error)
{
    static const struct {
        const char *text;
        const char *why;
    } reasons[] = {
        { "read only", "this server only stands by, or is there for reading; "
          "name the active one in --db" },
        { "permission error", "this user may not change it" },
        { "No table named", "its schema is of another version than slb-ctl" },
        { "No column", "its schema is of another version than slb-ctl" },
        { "referential integrity violation",
          "something there still refers to what was to be deleted" },
        { "constraint violation", "its rules, perhaps of another version than "
          "slb-ctl, do not allow it" },
        { "unknown database", "it is not served any more" },
        { "I/O error", "it cannot be written, look at the server's disk" },
    };
    const char *why = NULL;

    for (size_t i = 0; !why && i < ARRAY_SIZE(reasons); i++) {
        why = strstr(error, reasons[i].text) ? reasons[i].why : NULL;
    }
    fprintf(stderr, "%s: the database has refused the change, nothing is "
            "changed: %s%s%s%s\n", program_name, why ? why : "",
            why ? " (" : "", error, why ? ")" : "");
}

/* Changes what users have declared as 'make' says; with 'dry_run', only finds
 * out what that would be.  'narrow' reads the part of it that this has to do
 * with, if it is small.  Sets '*intent_seq' to the number of what is declared
 * then, also if there was nothing to do.  Returns the exit status; CTL_USAGE
 * is REFUSE. */
static int
change(struct ctl_db *db, read_narrow *narrow, make_change *make, void *aux,
       bool dry_run, int64_t *intent_seq)
{
    bool may_be_made = false;

    for (;;) {
        struct ctl_change change = { .put = { .n = 0 } };
        enum ctl_result result = CTL_COMMITTED;
        char *error = NULL;
        struct base base;

        if (!base_read(&base, db, narrow(aux, db))) {
            if (may_be_made) {
                fprintf(stderr, "%s: the change was sent; whether it was made "
                        "is not known (slb-ctl diff will tell)\n",
                        program_name);
            }
            return CTL_NO_DATABASE;
        }
        ctl_model_intent_seq(base.snapshot, intent_seq);
        enum verdict verdict = make(aux, &base.model, may_be_made, &change);
        if (verdict == SEND) {
            result = ctl_commit(db, base.snapshot, &change, dry_run, &error);
        }
        free(change.put.at);
        free(change.delete.at);
        base_destroy(&base);
        if (verdict != SEND) {
            return verdict == NOTHING ? CTL_OK : CTL_USAGE;
        }

        if (result == CTL_COMMITTED) {
            ++*intent_seq;
            return CTL_OK;
        } else if (result == CTL_REFUSED) {
            report_refusal(error);
            free(error);
            return CTL_DIFFERENT;
        } else if (result == CTL_UNKNOWN) {
            ctl_db_renew_deadline(db);
        }
        free(error);

        /* What is there then will tell. */
        may_be_made |= result != CTL_LOST && !dry_run;
    }
}

/* slb-ctl apply FILE... */

/* What becomes of an object. */
enum fate {
    CREATED,
    CHANGED,
    UNCHANGED,
    DELETED,
    N_FATES
};

static const char *const fate_names[] = {
    [CREATED] = "created",
    [CHANGED] = "changed",
    [UNCHANGED] = "unchanged",
    [DELETED] = "deleted",
};

/* What becomes of all objects, for users to read.  When there are many, those
 * that stay as they are are only counted; when many change, these, too. */
struct summary {
    struct ds lines[2];         /* Of objects that change; of all. */
    size_t n[2];                /* Lines. */
    size_t counts[8][N_FATES];  /* By kind. */
};

#define SUMMARY_MAX 100

static void
summary_init(struct summary *summary)
{
    memset(summary, 0, sizeof *summary);
}

static void
summary_destroy(struct summary *summary)
{
    ds_destroy(&summary->lines[0]);
    ds_destroy(&summary->lines[1]);
}

/* Notes that the object, of the 'kind'th kind, has 'fate', for which it takes
 * 'n_changes'. */
static void
summary_add(struct summary *summary, size_t kind,
            const struct slb_object *object, enum fate fate, size_t n_changes)
{
    ovs_assert(kind < ARRAY_SIZE(summary->counts));
    summary->counts[kind][fate]++;
    for (int all = fate == UNCHANGED; all < 2; all++) {
        struct ds *ds = &summary->lines[all];

        if (summary->n[all]++ < SUMMARY_MAX) {
            slb_object_format_path(object, ds);
            ds_put_format(ds, " %s", fate_names[fate]);
            if (fate == CHANGED) {
                ds_put_format(ds, " (%"PRIuSIZE" change%s)", n_changes,
                              n_changes == 1 ? "" : "s");
            }
            ds_put_char(ds, '\n');
        }
    }
}

/* Prints 'summary', each line followed by 'remark'. */
static void
summary_print(struct summary *summary, const char *remark)
{
    bool counted = summary->n[1] > SUMMARY_MAX;
    struct ds *ds = &summary->lines[!counted];
    char *save_ptr = NULL;

    if (counted && summary->n[0] > SUMMARY_MAX) {
        ds_clear(ds);
    }
    for (char *line = strtok_r(ds_cstr(ds), "\n", &save_ptr); line;
         line = strtok_r(NULL, "\n", &save_ptr)) {
        printf("%s%s\n", line, remark);
    }
    for (size_t i = 0; counted && slb_kinds[i]; i++) {
        const char *separator = ": ";

        for (enum fate fate = 0; fate < N_FATES; fate++) {
            if (summary->counts[i][fate]) {
                printf("%s%s%"PRIuSIZE" %s",
                       separator[0] == ':' ? slb_kinds[i]->name : "",
                       separator, summary->counts[i][fate], fate_names[fate]);
                separator = ", ";
            }
        }
        if (separator[0] != ':') {
            printf("%s\n", remark);
        }
    }
    fflush(stdout);
}

struct apply {
    const struct ctl_options *options;
    struct slb_input input;
    struct summary summary;
};

/* Appends what makes the objects of 'base' those of 'model', if they are in
 * 'model', to 'change', and to 'summary' what becomes of each. */
static void
compare_put(const struct slb_model *base, const struct slb_model *model,
            size_t kind, struct ctl_change *change, struct summary *summary)
{
    const struct slb_list *list = slb_model_list(model, slb_kinds[kind]);
    struct shash index = SHASH_INITIALIZER(&index);
    struct ds ds = DS_EMPTY_INITIALIZER;

    slb_list_index(slb_model_list(base, slb_kinds[kind]), &index);
    for (size_t i = 0; i < list->n; i++) {
        const struct slb_object *old = shash_find_data(&index,
                                                       list->at[i]->name);
        size_t n = old ? slb_diff(old, list->at[i], &ds) : 1;

        summary_add(summary, kind, list->at[i],
                    !old ? CREATED : n ? CHANGED : UNCHANGED, n);
        if (n) {
            slb_list_add(&change->put, list->at[i]);
        }
        ds_clear(&ds);
    }
    ds_destroy(&ds);
    shash_destroy(&index);
}

/* Likewise for the deletion of the objects of 'base' that are not in
 * 'model'. */
static void
compare_delete(const struct slb_model *base, const struct slb_model *model,
               size_t kind, struct ctl_change *change, struct summary *summary)
{
    const struct slb_list *list = slb_model_list(base, slb_kinds[kind]);
    struct shash index = SHASH_INITIALIZER(&index);

    slb_list_index(slb_model_list(model, slb_kinds[kind]), &index);
    for (size_t i = 0; i < list->n; i++) {
        if (!shash_find(&index, list->at[i]->name)) {
            summary_add(summary, kind, list->at[i], DELETED, 1);
            slb_list_add(&change->delete, list->at[i]);
        }
    }
    shash_destroy(&index);
}

static enum verdict
make_apply(void *apply_, const struct slb_model *base, bool may_be_made,
           struct ctl_change *change)
{
    struct apply *apply = apply_;
    const struct slb_model *model = &apply->input.model;
    bool prune = apply->options->prune;
    struct summary summary;
    size_t n_kinds = 0;

    /* What is not in the files will not be there any more then. */
    if (!validate(&apply->input, prune ? NULL : base)) {
        return REFUSE;
    }

    summary_init(&summary);
    for (; slb_kinds[n_kinds]; n_kinds++) {
        compare_put(base, model, n_kinds, change, &summary);
    }
    /* What refers to something goes before that. */
    for (size_t i = n_kinds; prune && i-- > 0; ) {
        compare_delete(base, model, i, change, &summary);
    }

    bool nothing = !change->put.n && !change->delete.n;
    if (nothing && may_be_made) {
        /* It was made: the summary is that of then. */
        summary_destroy(&summary);
    } else {
        summary_destroy(&apply->summary);
        apply->summary = summary;
    }
    return nothing ? NOTHING : SEND;
}

static struct ctl_snapshot *
narrow_apply(void *apply_, const struct ctl_db *db)
{
    const struct apply *apply = apply_;

    return (apply->options->prune ? NULL
            : ctl_narrow_read_for(db, &apply->input.model));
}

static bool
is_empty(const struct slb_model *model)
{
    for (size_t i = 0; slb_kinds[i]; i++) {
        if (slb_model_list(model, slb_kinds[i])->n) {
            return false;
        }
    }
    return true;
}

int
ctl_apply(const struct ctl_options *options, int n OVS_UNUSED, char *args[])
{
    struct apply apply = { .options = options };
    int64_t intent_seq;
    struct ctl_db db;
    int retval;

    summary_init(&apply.summary);
    prepare_database(&db, options);
    if (are_large(args)) {
        ctl_db_prepare(&db);
    }
    if (!read_files(&apply.input, args)) {
        retval = CTL_USAGE;
    } else if (options->prune && is_empty(&apply.input.model)) {
        fprintf(stderr, "%s: there is nothing in the files: --prune would "
                "delete all that is in the database\n", program_name);
        retval = CTL_USAGE;
    } else {
        retval = change(&db, narrow_apply, make_apply, &apply,
                        options->dry_run, &intent_seq);
    }
    ctl_db_destroy(&db);

    if (retval == CTL_OK) {
        summary_print(&apply.summary, options->dry_run ? " (dry run)" : "");
        if (options->wait && !options->dry_run) {
            retval = ctl_wait(options, &apply.input.model, intent_seq);
        }
    }
    summary_destroy(&apply.summary);
    slb_input_destroy(&apply.input);
    return retval;
}

/* slb-ctl delete KIND NAME */

struct delete {
    const struct slb_class *kind;
    const char *name;
};

static enum verdict
make_delete(void *delete_, const struct slb_model *base, bool may_be_made,
            struct ctl_change *change)
{
    struct delete *delete = delete_;
    struct slb_object *object = slb_model_find(base, delete->kind,
                                               delete->name);
    struct ds reason = DS_EMPTY_INITIALIZER;
    enum verdict verdict = REFUSE;

    if (!object && may_be_made) {
        /* The connection broke after the database had deleted it. */
        verdict = NOTHING;
    } else if (!object) {
        fprintf(stderr, "%s: there is no %s '%s'\n", program_name,
                delete->kind->noun, delete->name);
    } else if (!slb_validate_delete(base, object, &reason)) {
        fprintf(stderr, "%s: %s '%s' cannot be deleted: %s\n", program_name,
                delete->kind->noun, delete->name, ds_cstr(&reason));
    } else {
        slb_list_add(&change->delete, object);
        verdict = SEND;
    }
    ds_destroy(&reason);
    return verdict;
}

/* Nothing refers to a load balancer. */
static struct ctl_snapshot *
narrow_delete(void *delete_, const struct ctl_db *db)
{
    const struct delete *delete = delete_;

    return (delete->kind == &slb_load_balancer_class
            ? ctl_narrow_read(db, &delete->name, 1) : NULL);
}

int
ctl_delete(const struct ctl_options *options, int n OVS_UNUSED, char *args[])
{
    struct delete delete = { .kind = ctl_kind(args[0]), .name = args[1] };
    int64_t intent_seq;
    struct ctl_db db;
    int retval;

    if (!delete.kind) {
        return CTL_USAGE;
    }
    prepare_database(&db, options);
    retval = change(&db, narrow_delete, make_delete, &delete, false,
                    &intent_seq);
    if (retval == CTL_OK) {
        printf("%s/%s deleted\n", delete.kind->name, delete.name);
    } else if (retval == CTL_USAGE) {
        /* The command was right, but the database says no. */
        retval = CTL_DIFFERENT;
    }
    ctl_db_destroy(&db);
    return retval;
}
