import type { Amount, BudgetRow } from '../../../contracts/distributor/budget.ts';

import { noAmount } from '../../../distributor/core/dispatch/budget.ts';
import type { BudgetStore } from '../../../distributor/ports.ts';
import { type Database, getItems } from '../database.ts';
import { headKey } from '../keys.ts';

/** Budgets as they stand in the heads of their workflows: what is spent moves with each advance, so that no row is written for it. */
export function createBudgetStore(db: Database): BudgetStore {
  return {
    get: async (ids) => {
      const items = ids.length === 0 ? [] : await getItems(db, ids.map(headKey));
      const budgets = new Map<string, BudgetRow>();
      for (const [index, item] of items.entries()) {
        const id = ids[index];
        if (id === undefined || item?.['budget'] === undefined) continue;
        const limits = item['budget'] as BudgetRow['limits'];
        const spent = (item['spent'] as Amount | undefined) ?? noAmount;
        budgets.set(id, { limits, spent, warned: item['warned'] === true });
      }
      return budgets;
    },
  };
}
