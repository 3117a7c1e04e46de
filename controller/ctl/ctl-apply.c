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

#include "controller/ctl/ctl-db.h"
#include "controller/ctl/ctl-model.h"
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

/* Prepares 'db' for reading and changing what users declare, and for waiting
 * if 'options' say so, and connects. */
static bool
open_database(struct ctl_db *db, const struct ctl_options *options)
{
    ctl_db_init(db, options);
    ctl_model_monitor(db->idl);
    ovsdb_idl_add_column(db->idl, &slbrec_slb_global_col_intent_seq);
    if (options->wait) {
        ctl_wait_monitor(db->idl);
    }
    return ctl_db_connect(db);
}

/* Appends the changes that make 'base' 'model' to 'ds', and to 'summary' what
 * becomes of each object.  Returns the number of changes. */
static size_t
compare(const struct slb_model *base, const struct slb_model *model,
        struct ds *ds, struct ds *summary)
{
    size_t n = 0;

    for (size_t i = 0; slb_kinds[i]; i++) {
        const struct slb_list *list = slb_model_list(model, slb_kinds[i]);
        struct shash index = SHASH_INITIALIZER(&index);

        slb_list_index(slb_model_list(base, slb_kinds[i]), &index);
        for (size_t j = 0; j < list->n; j++) {
            const struct slb_object *new = list->at[j];
            const struct slb_object *old = shash_find_data(&index, new->name);
            size_t changes = slb_diff(old, new, ds);

            slb_object_format_path(new, summary);
            if (!old) {
                ds_put_cstr(summary, " created\n");
            } else if (!changes) {
                ds_put_cstr(summary, " unchanged\n");
            } else {
                ds_put_format(summary, " changed (%"PRIuSIZE" change%s)\n",
                              changes, changes == 1 ? "" : "s");
            }
            n += changes;
        }
        shash_destroy(&index);
    }
    return n;
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
    if (open_database(&db, options)) {
        struct slb_model base;
        slb_model_init(&base);
        ctl_model_read(db.idl, &base);
        retval = validate(&input, &base) ? CTL_OK : CTL_USAGE;
        slb_model_destroy(&base);
    } else {
        retval = CTL_NO_DATABASE;
    }
    ctl_db_destroy(&db);

exit:
    slb_input_destroy(&input);
    return retval;
}

/* slb-ctl diff FILE... */
int
ctl_diff(const struct ctl_options *options, int n OVS_UNUSED, char *args[])
{
    struct slb_input input;
    struct ctl_db db;
    int retval;

    if (!read_files(&input, args)) {
        slb_input_destroy(&input);
        return CTL_USAGE;
    }
    if (open_database(&db, options)) {
        struct slb_model base;

        slb_model_init(&base);
        ctl_model_read(db.idl, &base);
        if (validate(&input, &base)) {
            struct ds ds = DS_EMPTY_INITIALIZER;
            struct ds summary = DS_EMPTY_INITIALIZER;

            retval = (compare(&base, &input.model, &ds, &summary)
                      ? CTL_DIFFERENT : CTL_OK);
            ctl_color_print_diff(ds_cstr(&ds), options->color);
            ds_destroy(&ds);
            ds_destroy(&summary);
        } else {
            retval = CTL_USAGE;
        }
        slb_model_destroy(&base);
    } else {
        retval = CTL_NO_DATABASE;
    }
    ctl_db_destroy(&db);
    slb_input_destroy(&input);
    return retval;
}

/* Changing. */

enum verdict {
    SEND,                       /* The transaction is to be committed. */
    NOTHING,                    /* All is as it should be. */
    REFUSE,                     /* That cannot be; it has been reported. */
};

/* Fills in a transaction that makes a change to 'base', what users have
 * declared so far, and says what is to become of it.  Is called again, with a
 * new transaction, if somebody else was faster. */
typedef enum verdict make_change(void *aux, const struct slb_model *base,
                                 struct ovsdb_idl_txn *);

/* In 'txn', counts up the number of what users have declared.  Every change
 * does, and 'txn' fails if the number is not any more what it was: then
 * somebody else has changed something meanwhile, which has to be looked at.
 * Returns the new number. */
static int64_t
increment_intent_seq(struct ovsdb_idl_txn *txn,
                     const struct slbrec_slb_global *global)
{
    if (global) {
        slbrec_slb_global_verify_intent_seq(global);
    } else {
        /* There can be only one: of two who insert it, one fails. */
        global = slbrec_slb_global_insert(txn);
    }
    slbrec_slb_global_set_intent_seq(global, global->intent_seq + 1);
    return global->intent_seq;
}

/* Says why the database has refused a change. */
static void
report_refusal(const char *error)
{
    const char *why = "";

    if (strstr(error, "referential integrity violation")) {
        why = "something there still refers to what was to be deleted: ";
    } else if (strstr(error, "constraint violation")) {
        why = "its schema, perhaps of another version, does not allow it: ";
    } else if (strstr(error, "not allowed") || strstr(error, "permission")) {
        why = "this user may not change it: ";
    }
    fprintf(stderr, "%s: the database has refused the change, nothing is "
            "changed (%s%s)\n", program_name, why, error);
}

/* Changes what users have declared as 'make' says, in one transaction.  Sets
 * '*intent_seq' to the number of what is declared then, also if there was
 * nothing to do.  Returns the exit status; CTL_USAGE is REFUSE. */
static int
change(struct ctl_db *db, make_change *make, void *aux, int64_t *intent_seq)
{
    for (;;) {
        unsigned int seqno = ovsdb_idl_get_seqno(db->idl);
        const struct slbrec_slb_global *global
            = slbrec_slb_global_first(db->idl);
        bool had_global = global != NULL;
        struct slb_model base;

        *intent_seq = global ? global->intent_seq : 0;
        slb_model_init(&base);
        ctl_model_read(db->idl, &base);

        struct ovsdb_idl_txn *txn = ovsdb_idl_txn_create(db->idl);
        enum verdict verdict = make(aux, &base, txn);
        slb_model_destroy(&base);
        if (verdict != SEND) {
            ovsdb_idl_txn_abort(txn);
            ovsdb_idl_txn_destroy(txn);
            return verdict == NOTHING ? CTL_OK : CTL_USAGE;
        }

        *intent_seq = increment_intent_seq(txn, global);
        enum ovsdb_idl_txn_status status = ctl_db_commit(db, txn);
        char *error = nullable_xstrdup(ovsdb_idl_txn_get_error(txn));
        ovsdb_idl_txn_destroy(txn);

        bool again = (status == TXN_TRY_AGAIN
                      || (status == TXN_ERROR && !had_global
                          && strstr(error, slbrec_table_slb_global.name)));
        if (!again) {
            int retval = CTL_OK;
            if (status == TXN_INCOMPLETE) {
                ctl_db_report_lost(db);
                fprintf(stderr, "%s: the change was sent; whether it was made "
                        "is not known\n", program_name);
                retval = CTL_NO_DATABASE;
            } else if (status != TXN_SUCCESS && status != TXN_UNCHANGED) {
                report_refusal(error);
                retval = CTL_DIFFERENT;
            }
            free(error);
            return retval;
        }
        free(error);
        if (!ctl_db_wait_for_change(db, seqno)) {
            return CTL_NO_DATABASE;
        }
    }
}

/* slb-ctl apply FILE... */

struct apply {
    struct slb_input input;
    struct ds summary;          /* What becomes of each object. */
};

static enum verdict
make_apply(void *apply_, const struct slb_model *base,
           struct ovsdb_idl_txn *txn)
{
    struct apply *apply = apply_;
    struct ds changes = DS_EMPTY_INITIALIZER;

    if (!validate(&apply->input, base)) {
        return REFUSE;
    }
    ds_clear(&apply->summary);
    size_t n = compare(base, &apply->input.model, &changes, &apply->summary);
    ds_destroy(&changes);
    if (!n) {
        return NOTHING;
    }
    ctl_model_write(txn, &apply->input.model);
    return SEND;
}

int
ctl_apply(const struct ctl_options *options, int n OVS_UNUSED, char *args[])
{
    struct apply apply = { .summary = DS_EMPTY_INITIALIZER };
    struct ctl_db db;
    int retval;

    if (!read_files(&apply.input, args)) {
        slb_input_destroy(&apply.input);
        return CTL_USAGE;
    }
    if (open_database(&db, options)) {
        int64_t intent_seq;

        retval = change(&db, make_apply, &apply, &intent_seq);
        if (retval == CTL_OK) {
            fputs(ds_cstr(&apply.summary), stdout);
            fflush(stdout);
            if (options->wait) {
                retval = ctl_wait(&db, options, &apply.input.model,
                                  intent_seq);
            }
        }
    } else {
        retval = CTL_NO_DATABASE;
    }
    ctl_db_destroy(&db);
    ds_destroy(&apply.summary);
    slb_input_destroy(&apply.input);
    return retval;
}

/* slb-ctl delete KIND NAME */

struct delete {
    const struct slb_class *kind;
    const char *name;
    bool sent;                  /* Has a transaction been sent already? */
};

static enum verdict
make_delete(void *delete_, const struct slb_model *base,
            struct ovsdb_idl_txn *txn)
{
    struct delete *delete = delete_;
    const struct slb_object *object = slb_model_find(base, delete->kind,
                                                     delete->name);
    struct ds reason = DS_EMPTY_INITIALIZER;
    enum verdict verdict = REFUSE;

    if (!object && delete->sent) {
        /* The connection broke after the database had deleted it. */
        verdict = NOTHING;
    } else if (!object) {
        fprintf(stderr, "%s: there is no %s '%s'\n", program_name,
                delete->kind->noun, delete->name);
    } else if (!slb_validate_delete(base, object, &reason)) {
        fprintf(stderr, "%s: %s '%s' cannot be deleted: %s\n", program_name,
                delete->kind->noun, delete->name, ds_cstr(&reason));
    } else {
        ctl_model_delete(txn, object);
        delete->sent = true;
        verdict = SEND;
    }
    ds_destroy(&reason);
    return verdict;
}

int
ctl_delete(const struct ctl_options *options, int n OVS_UNUSED, char *args[])
{
    struct delete delete = { .kind = ctl_kind(args[0]), .name = args[1] };
    struct ctl_db db;
    int retval = CTL_NO_DATABASE;

    if (!delete.kind) {
        return CTL_USAGE;
    }
    if (open_database(&db, options)) {
        int64_t intent_seq;

        retval = change(&db, make_delete, &delete, &intent_seq);
        if (retval == CTL_OK) {
            printf("%s/%s deleted\n", delete.kind->name, delete.name);
        } else if (retval == CTL_USAGE) {
            /* The command was right, but the database says no. */
            retval = CTL_DIFFERENT;
        }
    }
    ctl_db_destroy(&db);
    return retval;
}
