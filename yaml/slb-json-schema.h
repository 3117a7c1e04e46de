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


#ifndef SLB_JSON_SCHEMA_H
#define SLB_JSON_SCHEMA_H 1

/* The language as a JSON Schema, out of the table that the parser reads it by
 * (yaml/slb-schema.h), so that editors complete, explain and check files.
 *
 * It is of draft 7, which the language servers of editors know best.  What is
 * valid for slb-ctl is valid for the schema; the other way round, the schema
 * has everything that can be said about a value by itself, but for one thing:
 * that a prefix has no bits set after its length.  Nor does it see what
 * depends on other fields and objects (yaml/slb-validate.h).  A scalar in YAML
 * that looks like a number or a boolean, such as the name 6, is a name for
 * slb-ctl and so for the schema. */

struct json *slb_json_schema(void);

#endif /* yaml/slb-json-schema.h */
