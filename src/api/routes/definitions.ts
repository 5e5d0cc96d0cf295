import { Hono } from 'hono';
import * as z from 'zod';
import { pageQuery } from '../../contracts/api.ts';
import { CadreError } from '../../contracts/errors.ts';
import { defaultPool, userId } from '../../contracts/ids.ts';
import { deprecationRequest, versionNumber } from '../../contracts/workflow/registry.ts';
import type { ApiDeps } from '../ports.ts';
import { accepted, type ApiContext, type ApiEnv, readBody, readParam, readQuery } from '../request.ts';

/** Registering checks graphs and expressions: loaded for the first of its requests. */
const commands = () => import('../../workflow/usecases/submit/register-definition.ts');
const core = () => import('../../workflow/core/definition/registry.ts');

function known<T>(value: T | undefined, what: string, path: string): T {
  if (value === undefined) throw new CadreError('unknown-definition', `there is no ${what}`, { path });
  return value;
}

/** The registry of definitions: register, read, deprecate. */
export function definitionRoutes(deps: ApiDeps): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();
  const one = '/v1/definitions/:name/versions/:version';
  const versionIn = (c: ApiContext) => ({
    name: readParam(c, 'name', userId),
    version: readParam(c, 'version', versionNumber),
  });
  const row = async (name: string) =>
    known(await deps.definitions.get(defaultPool, name), `definition "${name}"`, 'name');

  app.post('/v1/definitions', async (c) => {
    const body = await readBody(c, z.unknown());
    const { readRegistration, registerDefinition } = await commands();
    const request = { definition: readRegistration(body), principal: c.get('principal') };
    return c.json(accepted(await registerDefinition(deps, request)), 201);
  });

  app.get('/v1/definitions', async (c) => {
    const { cursor, limit } = readQuery(c, pageQuery);
    const page = await deps.definitions.list(defaultPool, limit, cursor);
    const { registeredViewOf } = await core();
    return c.json({ ...page, items: page.items.map(registeredViewOf) });
  });

  app.get('/v1/definitions/:name', async (c) =>
    c.json((await core()).registeredViewOf(await row(readParam(c, 'name', userId)))),
  );

  app.get(one, async (c) => {
    const { name, version } = versionIn(c);
    const { versionViewOf } = await core();
    const view = known(versionViewOf(await row(name), version), `version ${version} of "${name}"`, 'version');
    return c.json({ ...view, body: await deps.definitions.body(defaultPool, name, version) });
  });

  app.patch(one, async (c) => {
    const { deprecated } = await readBody(c, deprecationRequest);
    const { deprecateDefinition } = await commands();
    const reason = deprecated === null ? {} : { reason: deprecated };
    const request = { ...versionIn(c), principal: c.get('principal'), ...reason };
    return c.json(accepted(await deprecateDefinition(deps, request)));
  });

  return app;
}
