import type { RegisteredView, VersionBodyView, VersionView } from '../../contracts/workflow/registry.ts';
import type { WorkflowDefinitionInput } from '../../contracts/workflow/workflow.ts';
import type { ApiTransport } from './api-transport.ts';

/** Calls about the registry of definitions. */
export function definitionCalls(call: ApiTransport) {
  const path = (name: string) => `/v1/definitions/${encodeURIComponent(name)}`;
  const versionPath = (name: string, version: number) => `${path(name)}/versions/${String(version)}`;
  const get = async (name: string) => (await call({ method: 'GET', path: path(name) })) as RegisteredView;
  return {
    /** Registers a definition under its name: the first version or the next one; a body that was registered before is the version that it was. Versions never change. */
    register: async (definition: WorkflowDefinitionInput) =>
      (await call({ method: 'POST', path: '/v1/definitions', body: { definition } })) as VersionView,
    list: async (page: { readonly cursor?: string; readonly limit?: number } = {}) =>
      (await call({ method: 'GET', path: '/v1/definitions', query: { ...page } })) as {
        readonly items: readonly RegisteredView[];
        readonly cursor?: string;
      },
    /** The versions of one, the first one first. */
    get,
    /** A version with its body. */
    version: async (name: string, version: number) =>
      (await call({ method: 'GET', path: versionPath(name, version) })) as VersionBodyView,
    /** Says why nobody should start a version any more: `NAME@latest` leaves it out, whoever names it is warned. null: it may be used again. */
    deprecate: async (name: string, version: number, reason: string | null) =>
      (await call({
        method: 'PATCH',
        path: versionPath(name, version),
        body: { deprecated: reason },
      })) as VersionView,
  };
}
