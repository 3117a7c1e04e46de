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

#include "yaml/slb-azure-private.h"

#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "util.h"
#include "yaml/slb-azure-map.h"
#include "yaml/slb-parse.h"
#include "yaml/slb-text.h"
#include "yaml/slb-yaml.h"

/* Probes, load balancing rules and outbound rules. */

void
slb_azure_read_probe(struct slb_azure_reader *r, struct slb_azure_map *map)
{
    static const char *const fields[] = {
        "protocol", "port", "requestPath", "intervalInSeconds",
        "noHealthyBackendsBehavior",
    };
    struct slb_object *object = slb_azure_create(r, "probes", map);
    struct slb_probe *probe = (struct slb_probe *) object;
    const struct slb_yaml_node *threshold
        = slb_azure_map_get(map, "probeThreshold");
    const struct slb_yaml_node *number
        = slb_azure_map_get(map, "numberOfProbes");

    slb_azure_append(r, "probes", object);
    slb_azure_read_fields(map, object, fields, ARRAY_SIZE(fields));
    if (probe->request_path && slb_object_has(object, "requestPath")
        && probe->request_path[0] != '/') {
        char *path = xasprintf("/%s", probe->request_path);
        free(probe->request_path);
        probe->request_path = path;
    }

    /* In Azure, the number has no effect any more if there is a threshold. */
    slb_azure_map_field(map, threshold ? "probeThreshold" : "numberOfProbes",
                        object, "numberOfProbes");
    if (threshold && number && threshold->type == SLB_YAML_SCALAR
        && number->type == SLB_YAML_SCALAR
        && strcmp(threshold->text, number->text)) {
        struct ds ds = DS_EMPTY_INITIALIZER;

        ds_put_cstr(&ds, "'numberOfProbes' is ");
        slb_text_quote(number->text, &ds);
        ds_put_cstr(&ds, ", it is ignored because 'probeThreshold' is ");
        slb_text_quote(threshold->text, &ds);
        slb_errors_add_nocopy(&r->input->warnings, number->mark,
                              ds_steal_cstr(&ds));
    }
}

/* Reads the backend pool of the load balancing rule 'object', which Azure
 * prints in one or both of two properties. */
static void
read_rule_pool(struct slb_azure_reader *r, struct slb_azure_map *map,
               struct slb_object *object)
{
    struct slb_rule *rule = (struct slb_rule *) object;
    const struct slb_yaml_node *pool
        = slb_azure_map_get(map, "backendAddressPool");
    const struct slb_yaml_node *pools
        = slb_azure_map_list(map, "backendAddressPools",
                             "a list of one reference to a backend pool");

    if (pools && pools->n > 1) {
        slb_errors_add(&r->input->errors, pools->mark,
                       "'backendAddressPools' has %"PRIuSIZE" entries, "
                       "expected only one", pools->n);
        slb_object_set_invalid(object, "backendPool");
    } else if (pools && pools->n) {
        slb_azure_read_child(r, pools->nodes[0], "backendAddressPools",
                             object, "backendPool", "backendAddressPools");
    }
    if (pool) {
        char *first = rule->backend_pool;

        rule->backend_pool = NULL;
        slb_azure_read_child(r, pool, "backendAddressPool", object,
                             "backendPool", "backendAddressPools");
        if (first && rule->backend_pool
            && strcasecmp(first, rule->backend_pool)) {
            slb_errors_add(&r->input->errors, pool->mark,
                           "'backendAddressPool' is '%s', but "
                           "'backendAddressPools' has '%s', expected the same",
                           rule->backend_pool, first);
            slb_object_set_invalid(object, "backendPool");
        }
        free(first);
    } else if (!pools) {
        slb_azure_missing_child(map, "backendAddressPool", object,
                                "backendPool");
    } else if (!pools->n) {
        slb_azure_missing_child(map, "backendAddressPools", object,
                                "backendPool");
    }
}

/* Azure takes enableTcpReset with any protocol and uses it with TCP only: with
 * UDP, 'reset', a field of 'object', is dropped, with a warning. */
void
slb_azure_drop_reset(struct slb_azure_reader *r,
                     const struct slb_object *object, int protocol,
                     bool *reset)
{
    if (*reset && slb_object_has(object, "protocol")
        && protocol == SLB_PROTOCOL_UDP) {
        slb_errors_add(&r->input->warnings,
                       slb_object_mark(object, "enableTcpReset"),
                       "'enableTcpReset' is ignored, protocol Udp has no "
                       "resets");
        *reset = false;
    }
}

void
slb_azure_read_rule(struct slb_azure_reader *r, struct slb_azure_map *map)
{
    static const char *const fields[] = {
        "protocol", "frontendPort", "backendPort", "loadDistribution",
        "idleTimeoutInMinutes", "enableTcpReset", "enableFloatingIP",
        "disableOutboundSnat",
    };
    struct slb_object *object = slb_azure_create(r, "rules", map);

    slb_azure_append(r, "rules", object);
    slb_azure_read_frontend_id(r, map, object);
    read_rule_pool(r, map, object);
    slb_azure_read_property(r, map, "probe", object, "probe", "probes");
    slb_azure_read_fields(map, object, fields, ARRAY_SIZE(fields));

    struct slb_rule *rule = (struct slb_rule *) object;
    slb_azure_drop_reset(r, object, rule->protocol, &rule->tcp_reset);
}

void
slb_azure_read_outbound_rule(struct slb_azure_reader *r,
                             struct slb_azure_map *map)
{
    static const char *const fields[] = {
        "protocol", "allocatedOutboundPorts", "idleTimeoutInMinutes",
        "enableTcpReset",
    };
    struct slb_object *object = slb_azure_create(r, "outboundRules", map);
    struct slb_outbound_rule *rule = (struct slb_outbound_rule *) object;
    const struct slb_yaml_node *frontends
        = slb_azure_map_list(map, "frontendIPConfigurations",
                             "a list of references to frontends");

    slb_azure_append(r, "outboundRules", object);
    for (size_t i = 0; frontends && i < frontends->n; i++) {
        slb_azure_read_child(r, frontends->nodes[i],
                             "frontendIPConfigurations", object, "frontends",
                             "frontendIPConfigurations");
    }
    slb_strings_sort(&rule->frontends);
    if (frontends) {
        slb_azure_set_mark(object, "frontends", frontends->mark);
    }
    if (!slb_azure_map_get(map, "frontendIPConfigurations")) {
        slb_azure_missing_child(map, "frontendIPConfigurations", object,
                                "frontends");
    } else if (!frontends) {
        slb_object_set_invalid(object, "frontends");
    }
    slb_azure_read_property(r, map, "backendAddressPool", object,
                            "backendPool", "backendAddressPools");
    slb_azure_read_fields(map, object, fields, ARRAY_SIZE(fields));
    slb_azure_drop_reset(r, object, rule->protocol, &rule->tcp_reset);
}
