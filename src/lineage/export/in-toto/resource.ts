import { nameOf } from "../../describe.ts";
import type { Node } from "../../graph.ts";
import { formatUrn } from "../../urn.ts";
import type { Digests } from "../digests.ts";
import { digestsOf } from "../digests.ts";

/** What in-toto calls a resource descriptor. */
export interface Resource {
  readonly name?: string;
  readonly uri: string;
  readonly digest?: Digests;
}

export function resource(node: Node): Resource {
  const digest = digestsOf(node);
  return { name: nameOf(node), uri: formatUrn(node), ...(Object.keys(digest).length === 0 ? {} : { digest }) };
}

const IMAGE_DIGEST = /@sha256:([0-9a-f]{64})$/;

/** A container image; its digest is known only where it was named by that. */
export function imageResource(image: string): Resource {
  const digest = IMAGE_DIGEST.exec(image)?.[1];
  return { uri: `docker:${encodeURI(image.toWellFormed())}`, ...(digest === undefined ? {} : { digest: { sha256: digest } }) };
}
