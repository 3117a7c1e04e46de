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


/* Prints the words of the definition language as a dictionary for libFuzzer:
 * kinds, keys and values, from the table that the parser reads as well, and
 * what YAML is made of. */

#include <config.h>

#include <stdio.h>
#include <stdlib.h>

#include "openvswitch/dynamic-string.h"
#include "util.h"
#include "yaml/slb-model.h"
#include "yaml/slb-schema.h"

static void
print_word(const char *before, const char *word, const char *after)
{
    /* A backslash and quotes, which would have to be escaped, are in none. */
    printf("\"%s%s%s\"\n", before, word, after);
}

static void
print_class(const struct slb_class *class)
{
    for (size_t i = 0; i < class->n_fields; i++) {
        const struct slb_field *field = &class->fields[i];

        print_word(", ", field->name, ": ");
        if (field->type == SLB_T_ENUM) {
            for (size_t j = 0; field->values[j]; j++) {
                print_word("", field->values[j], "");
            }
        } else if (field->type == SLB_T_INTEGER) {
            printf("\"%d\"\n\"%d\"\n", field->min, field->max);
            for (const struct slb_word *w = field->words; w && w->name; w++) {
                print_word("", w->name, "");
            }
        } else if (field->type == SLB_T_LIST) {
            print_class(field->class);
        }
    }
}

static void
print_kinds(const struct slb_class *const *kinds)
{
    for (; *kinds; kinds++) {
        print_word("kind: ", (*kinds)->name, "\\x0a");
        print_class(*kinds);
    }
}

int
main(void)
{
    static const char *const words[] = {
        "\\x00", "\\x0a---\\x0a", "\\x0a- {", "\\x0a- ", "\\x0a  ", "}\\x0a",
        "[]", "{}", "[", "]", "{", "}", ": ", ", ", "# ", "&a ", "*a", "*a, ",
        "<<: *a", "!!str ", "|\\x0a", ">\\x0a", "'", "~", "null", "true",
        "false", "\\xc2\\x85", "\\xe2\\x80\\xa8", "\\xef\\xbb\\xbf", "%YAML",
        "10.0.1.4", "10.0.1.0/24", "10.0.0.0/8", "20.50.60.10",
        "20.50.60.0/28", "0.0.0.0/0", "fd00::4", "fd00::/64", "2001:db8::1",
        "::/0", "::ffff:10.0.1.4", "/health", "80", "-1", "65536",
        "4294967296",
    };

    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        print_word("", words[i], "");
    }
    print_kinds(slb_kinds);
    print_kinds(slb_input_kinds);
    return 0;
}
