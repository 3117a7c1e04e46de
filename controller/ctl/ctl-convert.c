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

#include <stdlib.h>

#include "controller/ctl/ctl-show.h"
#include "yaml/slb-parse.h"
#include "yaml/slb-validate.h"

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
        struct slb_list objects = { .n = 0 };

        ctl_select(&input.model, NULL, NULL, &objects);
        if (options->format == CTL_JSON) {
            ctl_print_json(&objects, options->defaults);
        } else {
            ctl_print_yaml(&objects, NULL, options->defaults);
        }
        free(objects.at);
        retval = CTL_OK;
    }
    slb_input_destroy(&input);
    return retval;
}
