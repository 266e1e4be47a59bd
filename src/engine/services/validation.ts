import protobuf from "protobufjs";
import { loadTypes } from "../../pachyderm/protocol.ts";

/** Says what a request lacks, or undefined. */
export type Validate = (request: unknown) => string | undefined;

/**
 * What pachd requires of messages before any call looks at them, wherever in a request they are (the reference's §0.3): a
 * field or a oneof that is set, and not empty where it is text; of a map, keys that are not empty.
 */
const REQUIRED: Readonly<Record<string, readonly string[]>> = {
  "metadata.Edit": ["target", "op"],
  "metadata.Edit.AddKey": ["key"],
  "metadata.Edit.DeleteKey": ["key"],
  "metadata.Edit.EditKey": ["key"],
  "metadata.Edit.Replace": ["replacement"],
  "pfs_v2.CopyFile": ["src"],
  "pfs_v2.DeleteBranchRequest": ["branch"],
  "pfs_v2.DropCommitSetRequest": ["commit_set"],
  "pfs_v2.FindCommitsRequest": ["start"],
  "pfs_v2.InspectProjectRequest": ["project"],
  "pfs_v2.InspectProjectV2Request": ["project"],
  "pfs_v2.ModifyFileRequest": ["body"],
  "pps_v2.DeletePipelineRequest": ["pipeline"],
  "pps_v2.DeleteSecretRequest": ["secret"],
  "pps_v2.InspectJobSetRequest": ["job_set"],
  "pps_v2.InspectPipelineRequest": ["pipeline"],
  "pps_v2.InspectSecretRequest": ["secret"],
  "pps_v2.Pipeline": ["name"],
  "pps_v2.RerunPipelineRequest": ["pipeline"],
  "pps_v2.RunCronRequest": ["pipeline"],
  "pps_v2.StartCreateDatumRequest": ["input"],
  "pps_v2.UpdateJobStateRequest": ["job"],
  "taskapi.ListTaskRequest": ["group"],
  "transaction_v2.DeleteTransactionRequest": ["transaction"],
  "transaction_v2.FinishTransactionRequest": ["transaction"],
  "transaction_v2.InspectTransactionRequest": ["transaction"],
};

/** How to check the requests of each method that has something to check, by the method's path. */
export function loadValidators(): ReadonlyMap<string, Validate> {
  const made = new Map<protobuf.Type, Validate>();
  const validators = new Map<string, Validate>();
  for (const service of servicesOf(loadTypes())) {
    for (const { name, resolvedRequestType: type } of service.methodsArray) {
      if (type !== null && hasRules(type)) validators.set(`/${nameOf(service)}/${name}`, validatorOf(type, made));
    }
  }
  return validators;
}

function servicesOf(namespace: protobuf.NamespaceBase): protobuf.Service[] {
  return namespace.nestedArray.flatMap((nested) => {
    if (nested instanceof protobuf.Service) return [nested];
    return nested instanceof protobuf.Namespace ? servicesOf(nested) : [];
  });
}

/** Whether a message has something to check, itself or in the messages within it. */
function hasRules(type: protobuf.Type, seen = new Set<protobuf.Type>()): boolean {
  if (seen.has(type)) return false;
  seen.add(type);
  return nameOf(type) in REQUIRED || messageFields(type).some(([, nested]) => hasRules(nested, seen));
}

function messageFields(type: protobuf.Type): [protobuf.Field, protobuf.Type][] {
  return type.fieldsArray.flatMap((field) =>
    field.resolvedType instanceof protobuf.Type ? [[field, field.resolvedType] as [protobuf.Field, protobuf.Type]] : [],
  );
}

/** Looks at what is asked of the message itself, then into the messages within it. Types may hold themselves. */
function validatorOf(type: protobuf.Type, made: Map<protobuf.Type, Validate>): Validate {
  const known = made.get(type);
  if (known !== undefined) return known;
  const checks: Validate[] = [];
  const validate: Validate = (message) => firstFinding(checks, (check) => check(message));
  made.set(type, validate);
  for (const name of REQUIRED[nameOf(type)] ?? []) checks.push(requirement(type, name));
  for (const [field, nested] of messageFields(type)) {
    if (hasRules(nested)) checks.push(inField(type, field, validatorOf(nested, made)));
  }
  return validate;
}

function requirement(type: protobuf.Type, name: string): Validate {
  const field = type.fields[name];
  const label = `invalid ${goNames(type, name)}`;
  return (message) => {
    const value = (message as Record<string, unknown>)[name];
    if (field instanceof protobuf.MapField)
      return Object.hasOwn(value ?? {}, "") ? `${label}[]: value length must be at least 1 runes` : undefined;
    if (value !== undefined && value !== null && value !== "") return undefined;
    return `${label}: ${field?.type === "string" ? "value length must be at least 1 runes" : "value is required"}`;
  };
}

function inField(type: protobuf.Type, field: protobuf.Field, validate: Validate): Validate {
  const label = `invalid ${goNames(type, field.name)}`;
  const explain = (index: string, value: unknown): string | undefined => {
    const cause = validate(value);
    return cause && `${label}${index}: embedded message failed validation | caused by: ${cause}`;
  };
  return (message) => {
    const value = (message as Record<string, unknown>)[field.name];
    if (value === undefined || value === null) return undefined;
    if (!field.repeated) return explain("", value);
    return firstFinding((value as unknown[]).entries(), ([index, item]) => explain(`[${index}]`, item));
  };
}

function firstFinding<T>(items: Iterable<T>, check: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const found = check(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

function nameOf(object: protobuf.ReflectionObject): string {
  return object.fullName.slice(1);
}

/** The names of a message and its field as Go has them, which pachd's texts use: `Edit_AddKey.Key`. */
function goNames(type: protobuf.Type, field: string): string {
  const outer = type.parent instanceof protobuf.Type ? `${type.parent.name}_` : "";
  return `${outer}${type.name}.${field.replaceAll(/(?:^|_)(.)/g, (_whole, letter: string) => letter.toUpperCase())}`;
}
