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

/* Checks that each field of 'class', and of the classes in its lists, has a
 * column of its type that takes all of its values. */
static void
check_class(const struct slb_class *class)
{
    for (size_t i = 0; i < class->n_fields; i++) {
        const struct slb_field *field = &class->fields[i];
        const struct ovsdb_idl_column *column = ctl_model_column(class, field);
        CU_ASSERT_PTR_NOT_NULL_FATAL(column);

        const struct ovsdb_type *type = &column->type;
        const struct ovsdb_base_type *key = &type->key;
        CU_ASSERT_EQUAL(type->value.type, OVSDB_TYPE_VOID);
        CU_ASSERT_EQUAL(type->n_max,
                        field->type == SLB_T_LIST ? UINT_MAX : 1);
        switch (field->type) {
        case SLB_T_LIST:
            CU_ASSERT_EQUAL(type->n_min, 0);
            CU_ASSERT_STRING_EQUAL(key->uuid.refTableName,
                                   ctl_model_table(field->class)->name);
            check_class(field->class);
            break;

        case SLB_T_REF:
            CU_ASSERT_STRING_EQUAL(key->uuid.refTableName,
                                   ctl_model_table(field->class)->name);
            break;

        case SLB_T_INTEGER:
            CU_ASSERT_EQUAL(key->type, OVSDB_TYPE_INTEGER);
            CU_ASSERT(key->integer.min <= field->min);
            CU_ASSERT(key->integer.max >= field->max);
            break;

        case SLB_T_NAME:
        case SLB_T_ENUM:
        case SLB_T_ADDRESS:
        case SLB_T_PREFIX:
        default:
            CU_ASSERT_EQUAL(key->type, OVSDB_TYPE_STRING);
            break;
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
