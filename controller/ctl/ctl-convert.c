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

#include <stdio.h>
#include <stdlib.h>

#include "openvswitch/dynamic-string.h"
#include "openvswitch/json.h"
#include "yaml/slb-parse.h"
#include "yaml/slb-print.h"
#include "yaml/slb-schema.h"
#include "yaml/slb-validate.h"

static void
print_yaml(const struct slb_model *model)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    for (size_t i = 0; slb_kinds[i]; i++) {
        const struct slb_list *list = slb_model_list(model, slb_kinds[i]);
        for (size_t j = 0; j < list->n; j++) {
            ds_put_cstr(&ds, ds.length ? "---\n" : "");
            slb_print_yaml(list->at[j], false, &ds);
        }
    }
    fputs(ds_cstr(&ds), stdout);
    ds_destroy(&ds);
}

static void
print_json(const struct slb_model *model)
{
    struct json *json = json_array_create_empty();

    for (size_t i = 0; slb_kinds[i]; i++) {
        const struct slb_list *list = slb_model_list(model, slb_kinds[i]);
        for (size_t j = 0; j < list->n; j++) {
            json_array_add(json, slb_print_json(list->at[j], false));
        }
    }

    char *text = json_to_string(json, JSSF_PRETTY | JSSF_SORT);
    puts(text);
    free(text);
    json_destroy(json);
}

/* slb-ctl convert FILE...
 *
 * Objects stay in the order in which they are in the files. */
int
ctl_convert(const struct ctl_options *options, int n OVS_UNUSED, char *args[])
{
    struct slb_input input;
    int retval = CTL_USAGE;

    slb_input_init(&input);
    for (; *args; args++) {
        slb_input_add_file(&input, *args);
    }
    slb_input_finish(&input);
    ctl_report_warnings(&input);

    /* What is not in the files may be in the database: the network, say. */
    input.incomplete = true;
    slb_validate(&input, NULL);
    if (ctl_report_errors(&input)) {
        if (options->format == CTL_JSON) {
            print_json(&input.model);
        } else {
            print_yaml(&input.model);
        }
        retval = CTL_OK;
    }
    slb_input_destroy(&input);
    return retval;
}
