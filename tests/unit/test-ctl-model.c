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

#include "controller/ctl/ctl-model.h"

#include <string.h>

#include "lib/slb-idl.h"
#include "openvswitch/shash.h"
#include "ovsdb-idl-provider.h"
#include "tests/unit/unit.h"
#include "util.h"
#include "yaml/slb-model.h"
#include "yaml/slb-schema.h"

/* Checks that 'base' takes all values of 'field', or its entries. */
static void
check_base(const struct slb_field *field, const struct ovsdb_base_type *base)
{
    if (base->type == OVSDB_TYPE_UUID) {
        CU_ASSERT(field->type == SLB_T_LIST || field->type == SLB_T_REF
                  || field->type == SLB_T_REFS);
        CU_ASSERT_STRING_EQUAL(base->uuid.refTableName,
                               ctl_model_table(field->class)->name);
    } else if (field->type == SLB_T_INTEGER) {
        CU_ASSERT_EQUAL(base->type, OVSDB_TYPE_INTEGER);
        CU_ASSERT(base->integer.min <= field->min);
        CU_ASSERT(base->integer.max >= field->max);
        for (const struct slb_word *w = field->words; w && w->name; w++) {
            CU_ASSERT(base->integer.min <= w->value);
        }
    } else if (field->type == SLB_T_BOOLEAN) {
        CU_ASSERT_EQUAL(base->type, OVSDB_TYPE_BOOLEAN);
    } else {
        CU_ASSERT_EQUAL(base->type, OVSDB_TYPE_STRING);
    }
}

/* Checks that each field of 'class', and of the classes in its lists, has a
 * column of its type that takes all of its values. */
static void
check_class(const struct slb_class *class)
{
    for (size_t i = 0; i < class->n_fields; i++) {
        const struct slb_field *field = &class->fields[i];
        const struct ovsdb_idl_column *column;

        if (field->type == SLB_T_LIST && field->class == &slb_member_class) {
            /* Members are maps of their pool. */
            CU_ASSERT_EQUAL(slbrec_backend_pool_col_members.type.value.type,
                            OVSDB_TYPE_STRING);
            check_base(slb_class_field(field->class, "weight"),
                       &slbrec_backend_pool_col_member_weights.type.value);
            check_base(slb_class_field(field->class, "adminState"),
                       &slbrec_backend_pool_col_member_admin_states
                       .type.value);
            continue;
        }

        column = ctl_model_column(class, field);
        CU_ASSERT_PTR_NOT_NULL_FATAL(column);

        const struct ovsdb_type *type = &column->type;
        bool many = field->type == SLB_T_LIST || slb_field_is_strings(field);
        CU_ASSERT_EQUAL(type->value.type, OVSDB_TYPE_VOID);
        CU_ASSERT_EQUAL(type->n_max, many ? UINT_MAX : 1);
        check_base(field, &type->key);
        if (field->type == SLB_T_LIST) {
            CU_ASSERT_EQUAL(type->n_min, 0);
            check_class(field->class);
        }
    }
}

/* What the language has, the database has, too. */
static void
test_ctl_model_has_all_columns(void)
{
    for (size_t i = 0; slb_kinds[i]; i++) {
        check_class(slb_kinds[i]);
    }
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_ctl_model_has_all_columns),
    UNIT_END
};

int
main(int argc, char *argv[])
{
    return unit_main("ctl-model", tests, argc, argv);
}
