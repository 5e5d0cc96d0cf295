import type { StoryCase } from './workflow-story.ts';

const manager: StoryCase = {
  order: ['-amount +manager -manager', '-amount ~clerk'],
  completed: 'amount manager',
  skipped: 'clerk',
};
const clerk: StoryCase = {
  input: { amount: 10 },
  order: ['-amount +clerk -clerk', '-amount ~manager'],
  completed: 'amount clerk',
  skipped: 'manager',
};
const withPay = (branch: StoryCase, name: string): StoryCase => ({
  ...branch,
  order: [...branch.order, `-${name} +pay -pay`],
  completed: `${branch.completed} pay`,
});
const twoCrews: StoryCase = {
  order: ['-call +ambulance +firemen -ambulance -firemen', '-call ~police'],
  completed: 'call ambulance firemen',
  skipped: 'police',
};
const oneCrew: StoryCase = {
  input: { injured: 0, burning: false, stolen: true },
  order: ['-call +police -police', '-call ~ambulance', '-call ~firemen'],
  completed: 'call police',
  skipped: 'ambulance firemen',
};
const allCrews: StoryCase = {
  input: { injured: 1, burning: true, stolen: true },
  order: ['-call +ambulance +firemen +police -firemen'],
  completed: 'call ambulance firemen police',
};

/** Patterns of branches: what the example of each must show, by its two-digit number. */
export const branchingCases: Readonly<Record<string, readonly StoryCase[]>> = {
  '01': [{ order: ['+draft -draft +review -review +publish -publish'], completed: 'draft review publish' }],
  '02': [{ order: ['-receive +pick +invoice -invoice -pick'], completed: 'receive pick invoice' }],
  '03': [{ order: ['+pick +invoice -invoice -pick +ship -ship'], completed: 'pick invoice ship' }],
  '04': [manager, clerk],
  '05': [withPay(manager, 'manager'), withPay(clerk, 'clerk')],
  '06': [twoCrews, oneCrew, allCrews],
  '07': [
    {
      ...twoCrews,
      order: [...twoCrews.order, '-ambulance -firemen +report -report'],
      completed: 'call ambulance firemen report',
    },
    { ...oneCrew, order: [...oneCrew.order, '-police +report -report'], completed: 'call police report' },
    {
      ...allCrews,
      order: ['-ambulance -firemen +report', '-police +report -report'],
      completed: 'call ambulance firemen police report',
    },
  ],
  '08': [
    {
      order: ['-walls +after-walls:0:inspect -after-walls:0:inspect -roof +after-roof:0:inspect -after-roof:0:inspect'],
      completed: 'walls roof after-walls after-roof after-walls:0:inspect after-roof:0:inspect',
    },
  ],
  '09': [
    {
      order: ['-pulse +triage -breathing -triage -temperature'],
      completed: 'breathing pulse temperature triage',
    },
  ],
  '11': [{ order: ['+notify +archive -notify -archive'], completed: 'open notify archive' }],
  '37': [
    {
      order: ['-need ~visit ~measure', '-photos +estimate -estimate -expert +decide -decide', '~measure +estimate'],
      completed: 'need photos expert estimate decide',
      skipped: 'visit measure',
    },
    {
      input: { photos: false, visit: true, expert: false },
      order: ['-visit +measure -measure +estimate -estimate +decide -decide'],
      completed: 'need visit measure estimate decide',
      skipped: 'photos expert',
    },
  ],
};
