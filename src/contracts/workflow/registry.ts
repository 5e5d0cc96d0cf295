import * as z from 'zod';
import { definitionVersion, timestamp, userId } from '../ids.ts';
import { workflowDefinition } from './workflow.ts';

/** A definition that is to be known by its `name`. */
export const registrationRequest = z.strictObject({ definition: workflowDefinition });

/** Why nobody should start this version any more; null: it may be used again. */
export const deprecationRequest = z.strictObject({ deprecated: z.string().min(1).max(1_024).nullable() });

/** The number of a version. */
export const versionNumber = z.coerce.number().int().min(1);

/** A version as its definition's row has it. */
export interface RegisteredVersion {
  /** SHA-256 of the canonical body: tells a repeat from another version. */
  readonly hash: string;
  readonly at: string;
  readonly by: string;
  readonly deprecated?: { readonly at: string; readonly by: string; readonly reason: string };
}

/** A version of a registered definition, without its body. */
export const versionView = z.strictObject({
  definition: definitionVersion,
  version: z.int().min(1),
  registered_at: timestamp,
  registered_by: z.string(),
  /** Nobody should start it any more: why, since when, by whom. */
  deprecated: z.strictObject({ reason: z.string(), at: timestamp, by: z.string() }).optional(),
});
export type VersionView = z.output<typeof versionView>;

/** A registered definition; `latest` is the newest version that is not deprecated. */
export const registeredView = z.strictObject({
  name: userId,
  latest: z.int().min(1).optional(),
  versions: z.array(versionView),
});
export type RegisteredView = z.output<typeof registeredView>;

/** A version with its body, as it was registered. */
export const versionBodyView = versionView.extend({ body: workflowDefinition });
export type VersionBodyView = z.output<typeof versionBodyView>;
