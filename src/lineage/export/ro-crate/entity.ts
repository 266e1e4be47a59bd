/** An entity of a crate, flat: what it is linked to is an entity of its own. */
export interface CrateEntity {
  readonly "@id": string;
  readonly "@type": string | readonly string[];
  readonly [property: string]: unknown;
}

export interface Link {
  readonly "@id": string;
}

export function link(id: string): Link {
  return { "@id": id };
}

export function links(ids: readonly string[]): readonly Link[] {
  return [...new Set(ids)].map(link);
}

/** The id of something within the crate. */
export function localId(kind: string, ...names: readonly string[]): string {
  return `#${[kind, ...names].map((name) => encodeURIComponent(name.toWellFormed())).join("/")}`;
}
