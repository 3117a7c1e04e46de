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
#include "util.h"
#include "yaml/slb-explain.h"
#include "yaml/slb-json-schema.h"

/* slb-ctl explain [KIND[.FIELD...]] */
int
ctl_explain(const struct ctl_options *options OVS_UNUSED, int n, char *args[])
{
    struct ds ds = DS_EMPTY_INITIALIZER;
    char *error = slb_explain(n ? args[0] : NULL, &ds);

    if (error) {
        fprintf(stderr, "%s: %s\n", program_name, error);
        free(error);
        ds_destroy(&ds);
        return CTL_USAGE;
    }
    fputs(ds_cstr(&ds), stdout);
    if (!n) {
        printf("\n\"%s explain KIND\" says which fields a document with "
               "\"kind: KIND\" has,\n\"%s explain KIND.FIELD\" what may be "
               "in there.\n", program_name, program_name);
    }
    ds_destroy(&ds);
    return CTL_OK;
}

/* slb-ctl schema */
int
ctl_schema(const struct ctl_options *options OVS_UNUSED, int n OVS_UNUSED,
           char *args[] OVS_UNUSED)
{
    struct json *schema = slb_json_schema();
    char *text = json_to_string(schema, JSSF_PRETTY | JSSF_SORT);

    puts(text);
    free(text);
    json_destroy(schema);
    return CTL_OK;
}
