import * as z from 'zod';
import { deadLetterView, page, pageQuery, redriveOutcome, redriveRequest } from '../api.ts';
import type { Operation } from '../operation.ts';

const deadLetterId = z.string().min(1).max(300);

/** The operations on failed tasks and messages that nobody could read. */
export const deadLetterOperations: readonly Operation[] = [
  {
    id: 'listDeadLetters',
    method: 'get',
    path: '/v1/dead-letters',
    tag: 'dead-letters',
    summary: 'List failed tasks and unreadable messages',
    query: pageQuery,
    status: 200,
    answer: page(deadLetterView),
  },
  {
    id: 'redriveDeadLetters',
    method: 'post',
    path: '/v1/dead-letters/redrive',
    tag: 'dead-letters',
    summary: 'Redrive the given dead letters, or the first page of all',
    body: redriveRequest,
    status: 200,
    answer: page(redriveOutcome),
  },
  {
    id: 'getDeadLetter',
    method: 'get',
    path: '/v1/dead-letters/:id',
    tag: 'dead-letters',
    summary: 'Read a dead letter',
    params: { id: deadLetterId },
    status: 200,
    answer: deadLetterView,
  },
  {
    id: 'redriveDeadLetter',
    method: 'post',
    path: '/v1/dead-letters/:id/redrive',
    tag: 'dead-letters',
    summary: 'Redrive a dead letter',
    params: { id: deadLetterId },
    status: 200,
    answer: redriveOutcome,
  },
];
