import { describe, expect, it } from '@jest/globals';
import { compileCondition, compileUpdate, refuseUnused } from '../../../../src/platform/twin/expressions/compile.ts';

const item = {
  pk: 'a',
  n: 5,
  title: 'hello',
  flag: true,
  nothing: null,
  tags: new Set(['x', 'y']),
  parts: [1, { deep: 'v' }, 3],
  doc: { nested: { amount: 2 }, 'odd.name': 1 },
};

function holds(expression: string, values: Record<string, unknown> = {}, names: Record<string, string> = {}): boolean {
  return compileCondition(expression).body.test({ item, names, values });
}

function apply(expression: string, values: Record<string, unknown> = {}, names: Record<string, string> = {}): unknown {
  return compileUpdate(expression).body.apply(item, { item, names, values }).item;
}

describe('condition expressions', () => {
  it.each<[string, Record<string, unknown>, boolean]>([
    ['n = :v', { ':v': 5 }, true],
    ['n <> :v', { ':v': '5' }, true],
    ['n < :v', { ':v': 6 }, true],
    ['n < :v', { ':v': 'z' }, false],
    ['title >= :v', { ':v': 'hello' }, true],
    ['n BETWEEN :a AND :b', { ':a': 5, ':b': 6 }, true],
    ['n IN (:a, :b)', { ':a': 1, ':b': 5 }, true],
    ['gone = :v', { ':v': 1 }, false],
    ['gone <> :v', { ':v': 1 }, true],
    ['NOT gone = :v', { ':v': 1 }, true],
    ['attribute_exists(doc.nested.amount)', {}, true],
    ['attribute_not_exists(doc.absent)', {}, true],
    ['attribute_type(tags, :t)', { ':t': 'SS' }, true],
    ['attribute_type(nothing, :t)', { ':t': 'NULL' }, true],
    ['contains(tags, :v)', { ':v': 'x' }, true],
    ['contains(title, :v)', { ':v': 'ell' }, true],
    ['contains(parts, :v)', { ':v': 3 }, true],
    ['begins_with(title, :v)', { ':v': 'hell' }, true],
    ['size(parts) = :v', { ':v': 3 }, true],
    ['size(doc) > :v AND size(tags) <= :w', { ':v': 1, ':w': 2 }, true],
    ['parts[1].deep = :v', { ':v': 'v' }, true],
    ['flag = :t AND (n = :v OR title = :v) AND NOT (n > :w)', { ':t': true, ':v': 5, ':w': 9 }, true],
  ])('%s', (expression, values, expected) => {
    expect(holds(expression, values)).toBe(expected);
  });

  it('resolves names, also ones with dots, without splitting them', () => {
    expect(holds('#m.#k = :v', { ':v': 1 }, { '#m': 'doc', '#k': 'odd.name' })).toBe(true);
  });

  it('compares sets without order and lists with it', () => {
    expect(holds('tags = :v', { ':v': new Set(['y', 'x']) })).toBe(true);
    expect(holds('parts = :v', { ':v': [3, { deep: 'v' }, 1] })).toBe(false);
  });

  it('refuses reserved words, undefined placeholders, unused placeholders and nonsense', () => {
    expect(() => holds('status = :v', { ':v': 1 })).toThrow('reserved keyword: status');
    expect(() => holds('n = :v')).toThrow('attribute value: :v');
    expect(() => holds('#x = :v', { ':v': 1 })).toThrow('attribute name: #x');
    expect(() => refuseUnused({ ExpressionAttributeValues: { ':u': 1 } }, [compileCondition('n = :v')])).toThrow(
      'keys: {:u}',
    );
    expect(() => holds('n = ')).toThrow('Syntax error');
    expect(() => holds('n = :v :v', { ':v': 1 })).toThrow('Syntax error');
    expect(() => holds('n == :v', { ':v': 1 })).toThrow('Syntax error');
    expect(() => holds('unknown(n)')).toThrow('Invalid function name');
  });
});

describe('update expressions', () => {
  it('sets, adds, removes and deletes, reading everything from the item before', () => {
    expect(
      apply(
        'SET n = n + :one, title = if_not_exists(absent, title), doc.nested.amount = n REMOVE flag ADD hits :one DELETE tags :x',
        {
          ':one': 1,
          ':x': new Set(['x']),
        },
      ),
    ).toEqual({
      ...item,
      n: 6,
      flag: undefined,
      hits: 1,
      tags: new Set(['y']),
      doc: { nested: { amount: 5 }, 'odd.name': 1 },
    });
    expect(item.n).toBe(5);
    expect(item.doc.nested.amount).toBe(2);
  });

  it('takes null for a value that exists', () => {
    expect(apply('SET n = if_not_exists(nothing, :v)', { ':v': 1 })).toHaveProperty('n', null);
  });

  it('removes a set that lost its last member', () => {
    expect(apply('DELETE tags :all', { ':all': new Set(['x', 'y']) })).not.toHaveProperty('tags');
  });

  it('removes parts elements by their position before the update and appends past the end', () => {
    expect(apply('REMOVE parts[0], parts[1]')).toHaveProperty('parts', [3]);
    expect(apply('SET parts[9] = :v', { ':v': 4 })).toHaveProperty('parts', [1, { deep: 'v' }, 3, 4]);
    expect(apply('SET parts = list_append(parts, :v)', { ':v': [4] })).toHaveProperty('parts.length', 4);
  });

  it('adds decimals as DynamoDB does', () => {
    const scope = { item: { x: 0.1 }, values: { ':v': 0.2 } };
    expect(compileUpdate('SET x = x + :v').body.apply({ x: 0.1 }, scope).item).toEqual({ x: 0.3 });
  });

  it('refuses overlapping paths, missing parents, missing operands and wrong types', () => {
    expect(() => apply('SET doc = :v, doc.nested = :v', { ':v': {} })).toThrow('overlap');
    expect(() => apply('SET absent.nested = :v', { ':v': 1 })).toThrow('invalid for update');
    expect(() => apply('REMOVE absent.nested')).toThrow('invalid for update');
    expect(() => apply('SET n = absent + :v', { ':v': 1 })).toThrow('does not exist in the item');
    expect(() => apply('SET n = title + :v', { ':v': 1 })).toThrow('incorrect data type');
    expect(() => apply('ADD title :v', { ':v': 1 })).toThrow('incorrect data type');
    expect(() => apply('SET n = :v SET title = :v', { ':v': 1 })).toThrow('only be used once');
  });
});
