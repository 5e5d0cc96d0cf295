import { describe, expect, it } from '@jest/globals';
import { createApp } from '../../../src/api/app.ts';
import type { ApiDeps } from '../../../src/api/ports.ts';
import { contextStage } from '../context/stage.ts';

const merge = { 'content-type': 'application/merge-patch+json' };

/** Documents behind the API. */
function stage() {
  const contexts = contextStage();
  let principal = 'alice';
  const app = createApp(contexts.deps as unknown as ApiDeps, { principalOf: () => principal });
  const call = async (method: string, path: string, headers: Record<string, string> = {}, data?: unknown) => {
    const body = data === undefined ? {} : { body: JSON.stringify(data) };
    const response = await app.request(`/v1/documents/${path}`, { method, headers, ...body });
    const text = await response.text();
    const answer = (text === '' ? undefined : JSON.parse(text)) as never;
    const { status } = response;
    return { status, tag: response.headers.get('etag'), control: response.headers.get('cache-control'), body: answer };
  };
  const create = (path: string, data: unknown) =>
    call('PUT', `${path}?context_type=knowledge`, { 'if-none-match': '*' }, data);
  return { ...contexts, http: call, create, be: (other: string) => void (principal = other) };
}

describe('a document as a resource of HTTP', () => {
  it('has its version as its ETag, and is not sent again while that is the same', async () => {
    const { http, create } = stage();
    expect(await create('p/a', { n: 1 })).toMatchObject({ status: 200, tag: '"1"', body: { version: 1 } });
    const first = await http('GET', 'p/a');
    expect(first).toMatchObject({ status: 200, tag: '"1"', control: 'private, no-cache', body: { data: { n: 1 } } });
    for (const known of ['"1"', 'W/"1"', '"7", "1"'])
      expect(await http('GET', 'p/a', { 'if-none-match': known })).toMatchObject({ status: 304, body: undefined });
    await http('PUT', 'p/a', { 'if-match': '"1"' }, { n: 2 });
    const second = await http('GET', 'p/a', { 'if-none-match': '"1"' });
    expect(second).toMatchObject({ status: 200, tag: '"2"', body: { data: { n: 2 } } });
    expect(await http('GET', 'p%2Fa?pointer=/n')).toMatchObject({ status: 200, body: { data: 2 } });
  });

  it('may be kept for good by its version, unless what its reader sees depends on more', async () => {
    const { http, create, call, be } = stage();
    await create('p/a', { n: 1, secret: 2 });
    expect((await http('GET', 'p/a?version=1')).control).toBe('private, max-age=31536000, immutable');
    const all = ['read' as const, 'write' as const, 'delete' as const, 'admin' as const];
    const masked = { to: ['bob'], actions: ['read' as const], mask: ['/secret'] };
    await call('guard', { policy: { rules: [{ to: ['alice'], actions: all }, masked] }, expected_revision: 0 });
    be('bob');
    const seen = await http('GET', 'p/a?version=1', { 'if-none-match': '"1"' });
    expect(seen).toMatchObject({ status: 200, control: 'private, no-cache', body: { data: { n: 1 } } });
    expect(seen.tag).toMatch(/^"1-[0-9a-f]{8}"$/u);
    expect(await http('GET', 'p/a', { 'if-none-match': String(seen.tag) })).toMatchObject({ status: 304 });
  });

  it('is changed from the version of If-Match only, and says when that is another one', async () => {
    const { http, create } = stage();
    await create('p', { n: 1 });
    await http('PATCH', 'p', { ...merge, 'if-match': '"1"' }, { n: 2 });
    const changes = [
      ['PUT', { 'if-match': '"1"' }, {}],
      ['PATCH', { ...merge, 'if-match': '"1"' }, {}],
      ['DELETE', { 'if-match': '"1"' }, undefined],
      ['PUT', { 'if-match': '*' }, {}],
      ['PUT', { 'if-none-match': '*' }, {}],
    ] as const;
    for (const [method, headers, body] of changes)
      expect(await http(method, 'p?namespace=default', headers, body)).toMatchObject(
        'if-none-match' in headers
          ? { status: 400 }
          : { status: 412, body: { code: 'precondition-failed', detail: expect.any(String) } },
      );
    expect(await create('p', {})).toMatchObject({ status: 412 });
    for (const method of ['PUT', 'DELETE'])
      expect(await http(method, 'p', {}, {})).toMatchObject({ status: 428, body: { code: 'precondition-required' } });
    const patch = [{ op: 'replace', path: '/n', value: 3 }];
    const patched = await http('PATCH', 'p', { 'content-type': 'application/json-patch+json' }, patch);
    expect(patched).toMatchObject({ status: 200, tag: '"3"' });
    expect(await http('PATCH', 'p', { 'content-type': 'text/plain' }, {})).toMatchObject({ status: 400 });
    expect(await http('DELETE', 'p', { 'if-match': '"3"' })).toMatchObject({ status: 200, tag: '"4"' });
    expect(await http('GET', 'p', { 'if-none-match': '"4"' })).toMatchObject({ status: 404 });
  });

  it('gives the first answer again to a repeat under one Idempotency-Key', async () => {
    const { http, create } = stage();
    await create('p', { n: 1 });
    const headers = { 'if-match': '"1"', 'idempotency-key': 'k' };
    const first = await http('PUT', 'p', headers, { n: 2 });
    expect(await http('PUT', 'p', headers, { n: 2 })).toEqual(first);
    expect(await http('PUT', 'p', { ...headers, 'idempotency-key': 'other' }, { n: 2 })).toMatchObject({ status: 412 });
  });
});
