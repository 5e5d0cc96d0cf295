import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { contextActions, type AccessRule } from '../../../src/contracts/context/policy.ts';
import { accessOf, keepingMasked, visible } from '../../../src/context/core/access.ts';
import { keysOf, sameJson, valueAt } from '../../../src/context/core/pointer.ts';

const principal = fc.constantFrom('alice', 'bob', 'agent/1');
const rule: fc.Arbitrary<AccessRule> = fc.record(
  {
    to: fc.array(fc.constantFrom('alice', 'bob', 'agent/*', '*', 'role:team'), { minLength: 1, maxLength: 2 }),
    actions: fc.uniqueArray(fc.constantFrom(...contextActions), { minLength: 1 }),
    mask: fc.uniqueArray(fc.constantFrom('/a', '/a/b', '/l/0', '/c'), { maxLength: 3 }),
  },
  { requiredKeys: ['to', 'actions'] },
);
const spaceRule = fc
  .tuple(rule, fc.option(fc.constantFrom('p', 'p/q', 'other'), { nil: undefined }))
  .map(([each, under]) => (under === undefined ? each : { ...each, under }));
const policy = fc.record({
  roles: fc.constant<Record<string, string[]>>({ team: ['bob'] }),
  rules: fc.array(spaceRule, { maxLength: 4 }),
  audit_reads_one_in: fc.constant(0),
});
const document = { context_id: 'p/q/r' };

describe('access', () => {
  it('never shrinks by another rule', () => {
    fc.assert(
      fc.property(policy, spaceRule, principal, (before, added, who) => {
        const less = accessOf(before, document, who);
        const more = accessOf({ ...before, rules: [...before.rules, added] }, document, who);
        expect([...less.actions].filter((action) => !more.actions.has(action))).toEqual([]);
        if (less.actions.has('read'))
          expect(
            more.mask.filter((place) => !less.mask.some((outer) => place === outer || place.startsWith(`${outer}/`))),
          ).toEqual([]);
      }),
    );
  });

  it('gives nothing by rules of other places and of other principals', () => {
    const rules = [
      { to: ['alice'], actions: ['read' as const], under: 'p/q/other' },
      { to: ['alicex*'], actions: ['write' as const] },
      { to: ['role:nobody'], actions: ['admin' as const] },
    ];
    expect(accessOf({ roles: {}, rules, audit_reads_one_in: 0 }, document, 'alice').actions.size).toBe(0);
  });

  it('keeps the rules of the namespace out of a document that does not inherit, except for admins', () => {
    const above = {
      roles: {},
      rules: [{ to: ['*'], actions: ['read' as const, 'admin' as const] }],
      audit_reads_one_in: 0,
    };
    const own = { ...document, created_by: 'bob', access_policy: { inherit: false, rules: [] } };
    expect([...accessOf(above, own, 'alice').actions]).toEqual(['admin']);
    expect(accessOf(above, own, 'bob').actions.size).toBe(4);
  });

  it('leaves what a writer may not see as it is, whatever it sends', () => {
    const item = fc.oneof(fc.integer(), fc.record({ b: fc.integer() }));
    const data = fc.record({ a: item, l: fc.array(item), c: fc.integer() }, { requiredKeys: [] });
    const sent = fc.oneof(data, fc.record({ a: fc.array(item), l: item }), item);
    const mask = fc.subarray(['/a', '/a/b', '/l/0', '/l/2', '/l/3/b', '/c']);
    fc.assert(
      fc.property(data, sent, mask, (stored, other, hidden) => {
        const kept = keepingMasked(other, stored, hidden);
        for (const place of hidden) {
          const before = valueAt(stored, keysOf(place));
          if (before !== undefined) expect(valueAt(kept, keysOf(place))).toEqual(before);
        }
      }),
    );
  });

  it('gives a writer back what it may not see: reading and writing again changes nothing', () => {
    const data = fc.record({
      a: fc.oneof(fc.integer(), fc.record({ b: fc.integer() })),
      l: fc.array(fc.integer(), { minLength: 1 }),
      z: fc.integer(),
    });
    const mask = fc.subarray(['/a', '/a/b', '/l/0', '/c']);
    fc.assert(
      fc.property(data, mask, (stored, hidden) => {
        const seen = visible({ data: stored } as never, { actions: new Set(), mask: hidden });
        expect(sameJson(keepingMasked(seen.data, stored, hidden), stored)).toBe(true);
      }),
    );
  });
});
