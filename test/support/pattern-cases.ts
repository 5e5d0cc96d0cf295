import { branchingCases } from './branching-cases.ts';
import { instanceCases } from './instance-cases.ts';
import type { StoryCase } from './workflow-story.ts';

const discriminators: Readonly<Record<string, readonly StoryCase[]>> = {
  '28': [
    {
      order: [
        '-rounds:0:hop +rounds:0:cheer -rounds:0:cheer -rounds:0:skip +rounds:1:hop',
        '-rounds:1:hop +rounds:1:cheer -rounds:1:cheer -rounds:1:skip -rounds',
      ],
      completed: 'rounds rounds:0:hop rounds:0:skip rounds:0:cheer rounds:1:hop rounds:1:skip rounds:1:cheer',
    },
  ],
  '29': [
    {
      order: ['-search:0:call-north +search:0:visit-north -search:0:visit-south -search +buy -buy'],
      completed: 'search buy search:0:call-north search:0:call-south search:0:visit-south',
      cancelled: 'search:0:visit-north',
    },
  ],
  '30': [{ order: ['-ann -bob +approve -approve -cleo'], completed: 'ann bob cleo approve' }],
  '31': [
    {
      order: [
        '-rounds:0:ann -rounds:0:bob +rounds:0:approve -rounds:0:approve -rounds:0:cleo +rounds:1:ann',
        '-rounds:1:bob +rounds:1:approve -rounds:1:approve -rounds:1:cleo -rounds',
      ],
      completed:
        'rounds rounds:0:ann rounds:0:bob rounds:0:cleo rounds:0:approve rounds:1:ann rounds:1:bob rounds:1:cleo rounds:1:approve',
    },
  ],
  '32': [
    {
      order: ['+quotes:0:cleo -quotes:0:ann -quotes:0:bob -quotes +choose -choose'],
      completed: 'quotes choose quotes:0:ann quotes:0:bob',
      cancelled: 'quotes:0:cleo',
    },
  ],
};

const states: Readonly<Record<string, readonly StoryCase[]>> = {
  '16': [
    {
      signals: [{ afterMs: 60_000, name: 'answer', key: '12', data: { duration_ms: 500 } }],
      order: ['+reply -reply +process -process', '-reply ~look-up', '-reply ~remind'],
      completed: 'reply process',
      skipped: 'look-up remind',
    },
    {
      signals: [
        { afterMs: 1_000, name: 'answer', key: '13' },
        { afterMs: 2_000, name: 'returned', key: '12' },
      ],
      order: ['+reply -reply +look-up -look-up', '-reply ~process', '-reply ~remind'],
      completed: 'reply look-up',
      skipped: 'process remind',
    },
    {
      order: ['+reply -reply +remind -remind', '-reply ~process', '-reply ~look-up'],
      completed: 'reply remind',
      skipped: 'process look-up',
    },
  ],
  '17': [
    {
      order: ['-unpack +test -test +store', '-photograph +store', '-weigh +store'],
      completed: 'unpack test photograph weigh store',
      apart: 'unpack test photograph weigh',
    },
  ],
  '39': [
    {
      order: ['-pack +pay-deposit', '-plan +pay-ticket', '+pay-deposit -pay-ticket', '+pay-ticket -pay-deposit'],
      completed: 'pack pay-deposit plan pay-ticket travel',
      apart: 'pay-deposit pay-ticket',
    },
  ],
  '40': [
    {
      order: ['-check-oil +hand-over', '-check-brakes +hand-over', '-check-lights +hand-over'],
      completed: 'check-oil check-brakes check-lights hand-over',
      apart: 'check-oil check-brakes check-lights',
    },
  ],
};

const endings: Readonly<Record<string, readonly StoryCase[]>> = {
  '19': [
    {
      order: ['+order:0:assess -order:0:withdraw -order +close -close'],
      completed: 'order close order:0:withdraw',
      cancelled: 'order:0:assess',
    },
  ],
  '20': [
    {
      cancelAfterMs: 5_000,
      status: 'Partially Complete',
      order: ['-apply +assess', '-apply +audit'],
      completed: 'apply',
      cancelled: 'assess audit',
      skipped: 'grant',
    },
    {
      cancelAfterMs: 200,
      status: 'Failed',
      order: ['+apply'],
      completed: '',
      cancelled: 'apply',
      skipped: 'assess audit grant',
    },
  ],
  '21': [
    {
      order: [
        '-drafts:0:draft +drafts:0:comment -drafts:0:comment +drafts:1:draft -drafts:1:comment +drafts:2:draft -drafts:2:comment -drafts',
        '-drafts +reminders -reminders +publish',
      ],
      completed:
        'drafts reminders publish drafts:0:draft drafts:0:comment drafts:1:draft drafts:1:comment drafts:2:draft drafts:2:comment',
    },
    {
      input: { reminders: 1 },
      order: ['+reminders -reminders:0:remind -reminders +publish'],
      completed:
        'drafts reminders publish drafts:0:draft drafts:0:comment drafts:1:draft drafts:1:comment drafts:2:draft drafts:2:comment reminders:0:remind',
    },
  ],
  '22': [
    {
      order: [
        '-split:0:weigh +split:0:half +split:0:half:0:weigh +split:0:half:0:half +split:0:half:0:half:0:weigh',
        '~split:0:half:0:half:0:half -split:0:half:0:half -split:0:half -split +done',
      ],
      completed:
        'split done split:0:weigh split:0:heavy split:0:half split:0:half:0:weigh split:0:half:0:heavy split:0:half:0:half split:0:half:0:half:0:weigh split:0:half:0:half:0:heavy',
      skipped: 'split:0:half:0:half:0:half',
    },
    {
      input: { grams: 20 },
      order: ['-split:0:heavy ~split:0:half -split +done'],
      completed: 'split done split:0:weigh split:0:heavy',
      skipped: 'split:0:half',
    },
  ],
  '24': [
    {
      signals: [{ afterMs: 500, name: 'truck-arrived', data: { duration_ms: 500 } }],
      order: ['+clear-dock -clear-dock +arrival -arrival +unload -unload'],
      completed: 'clear-dock arrival unload',
    },
    {
      signals: [{ afterMs: 60_000, name: 'truck-arrived', data: { duration_ms: 500 } }],
      order: ['+clear-dock -clear-dock +arrival -arrival +unload -unload'],
      completed: 'clear-dock arrival unload',
    },
  ],
  '25': [
    {
      order: ['+claim:0:inspect -claim:0:estimate -claim:0:fraud -claim +archive -archive'],
      completed: 'register claim archive claim:0:estimate claim:0:fraud',
      cancelled: 'claim:0:inspect',
      skipped: 'claim:0:settle',
    },
  ],
  '18': [
    {
      signals: [
        { afterMs: 5_000, name: 'change-seat', data: { duration_ms: 500 } },
        { afterMs: 10_000, name: 'gate-closed' },
        { afterMs: 20_000, name: 'change-seat', data: { duration_ms: 500 } },
      ],
      order: [
        '-check-in -seats:0:open:0:request +seats:0:open:0:change -seats:0:open:0:change -seats:1:open:0:close -seats +fly',
      ],
      completed:
        'check-in seats fly seats:0:open seats:0:open:0:request seats:0:open:0:change seats:1:open seats:1:open:0:close',
      cancelled: 'seats:0:open:0:close seats:1:open:0:request',
      skipped: 'seats:1:open:0:change',
    },
    {
      signals: [{ afterMs: 30_000, name: 'gate-closed' }],
      order: ['-check-in -seats:0:open:0:close -seats +fly'],
      completed: 'check-in seats fly seats:0:open seats:0:open:0:close',
      cancelled: 'seats:0:open:0:request',
      skipped: 'seats:0:open:0:change',
    },
  ],
  '36': [
    {
      signals: [
        { afterMs: 1_000, name: 'supplier-found', data: { duration_ms: 60_000, price: 90 } },
        { afterMs: 2_000, name: 'supplier-found', data: { duration_ms: 1_000, price: 120 } },
        { afterMs: 5_000, name: 'supplier-found', data: { duration_ms: 1_000, price: 80 } },
      ],
      order: [
        '+offers:0:offer -offers:0:others:0:offer +offers:0:others:0:others:0:offer -offers:0:others:0:others:0:offer -offers:0:others:0:others:0:good -offers +order',
      ],
      completed:
        'offers order offers:0:next offers:0:others offers:0:others:0:next offers:0:others:0:offer offers:0:others:0:judge offers:0:others:0:others offers:0:others:0:others:0:next offers:0:others:0:others:0:offer offers:0:others:0:others:0:judge offers:0:others:0:others:0:good',
      cancelled: 'offers:0:offer offers:0:others:0:others:0:others offers:0:others:0:others:0:others:0:next',
      skipped:
        'offers:0:judge offers:0:good offers:0:others:0:good offers:0:others:0:others:0:others:0:offer offers:0:others:0:others:0:others:0:judge offers:0:others:0:others:0:others:0:good offers:0:others:0:others:0:others:0:others',
    },
  ],
  '43': [
    {
      order: ['+case:0:search -case:0:tip -case:0:solved -case'],
      completed: 'case case:0:tip case:0:solved',
      cancelled: 'case:0:search',
      skipped: 'case:0:found',
    },
  ],
};

/** What the example of each pattern must show, by its two-digit number. */
export const patternCases: Readonly<Record<string, readonly StoryCase[]>> = {
  ...branchingCases,
  ...instanceCases,
  ...discriminators,
  ...states,
  ...endings,
};
