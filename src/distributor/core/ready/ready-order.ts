import { criticalWindowMs, highWindowMs, lowWindowMs, mediumWindowMs } from '../../../contracts/limits.ts';
import type { TaskRow } from '../../../contracts/rows.ts';
import { priorities, type Priority } from '../../../contracts/distributor/task.ts';

const windowMs: Readonly<Record<Priority, number>> = {
  critical: criticalWindowMs,
  high: highWindowMs,
  medium: mediumWindowMs,
  low: lowWindowMs,
};

/** What the place of a task in the ready order depends on. */
export type Placed = Pick<TaskRow, 'priority' | 'escalated_from' | 'deadline' | 'created_at' | 'task_id' | 'due'>;

/**
 * When a waiting task is due: at its deadline, at the latest when the window of its level has passed since it was accepted. Then it has waited long enough and
 * competes with the highest level. An escalation leaves that as it was. A deadline that had passed before the task came hurries nothing, or else being late would be a way to the front.
 */
export function dueOf({
  priority,
  escalated_from = priority,
  deadline,
  created_at,
  due,
}: Omit<Placed, 'task_id'>): string {
  if (due !== undefined) return due;
  const windowEnd = new Date(Date.parse(created_at) + windowMs[escalated_from]).toISOString();
  return deadline !== undefined && deadline > created_at && deadline < windowEnd ? deadline : windowEnd;
}

/** The ready order: level, then when the task is due, then arrival; the id makes it total. The first of a level is the first of it that comes due. */
export function readyOrder(row: Placed): string {
  return `${priorities.indexOf(row.priority)}#${dueOf(row)}#${row.created_at}#${row.task_id}`;
}

/** Where the text of a time stands in an order, after the level's digit. */
const dueAt = 2;
const timeCharacters = 24;

/** The part of an order that the clock decides by: level and due. */
export function placeIn(order: string): string {
  return order.slice(0, dueAt + timeCharacters);
}

/** When the task of an order is due (epoch ms). */
export function dueTimeOf(order: string): number {
  return Date.parse(order.slice(dueAt, dueAt + timeCharacters));
}

/** Whether the task of an order is due at this moment (RFC 3339 in UTC, with milliseconds). */
export function isDueAt(order: string, at: string): boolean {
  return order.slice(dueAt, dueAt + timeCharacters) <= at;
}

/** The order as it counts at this moment (`at`: RFC 3339 in UTC, with milliseconds): tasks that are due stand in the highest level, by when they were due. */
export function orderAt(order: string, at: string): string {
  return isDueAt(order, at) ? `0${order.slice(1)}` : order;
}

/** The level of an order, 0 to 3. */
export function levelOf(order: string): number {
  return Number(order.charAt(0));
}
