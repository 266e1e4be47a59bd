/** A name of PROV: a prefix and what follows it. */
export interface QName {
  readonly prefix: string;
  readonly local: string;
}

/** The value of an attribute. */
export type Value = string | QName | { readonly long: number } | { readonly time: Date };

type RecordKind = keyof typeof ARGUMENTS;

/** One statement of PROV. Its arguments are in the order of PROV-N, undefined where nothing is known. */
export interface ProvRecord {
  readonly kind: RecordKind;
  /** Relations have none. */
  readonly id?: QName | undefined;
  readonly args: readonly (QName | Date | undefined)[];
  readonly attributes: readonly (readonly [name: QName, value: Value])[];
}

export interface ProvDocument {
  readonly prefixes: Readonly<Record<string, string>>;
  readonly records: readonly ProvRecord[];
}

/** What PROV-JSON calls the arguments. */
export const ARGUMENTS = {
  entity: [],
  activity: ["prov:startTime", "prov:endTime"],
  agent: [],
  used: ["prov:activity", "prov:entity", "prov:time"],
  wasGeneratedBy: ["prov:entity", "prov:activity", "prov:time"],
  wasDerivedFrom: ["prov:generatedEntity", "prov:usedEntity"],
  wasAssociatedWith: ["prov:activity", "prov:agent", "prov:plan"],
  hadMember: ["prov:collection", "prov:entity"],
} as const;
