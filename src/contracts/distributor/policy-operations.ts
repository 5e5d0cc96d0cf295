import { page, pageQuery } from '../api.ts';
import { namespaceOperations } from './namespace.ts';
import type { Operation } from '../operation.ts';
import {
  policyChange,
  policyPromotion,
  policyRollback,
  policyTrial,
  policyTrialRequest,
  policyView,
} from './policy.ts';

/** The operations on the routing policy of a pool, and on the namespaces that share it. */
export const policyOperations: readonly Operation[] = [
  {
    id: 'getPolicy',
    method: 'get',
    path: '/v1/policy',
    tag: 'policies',
    summary: 'Read the routing policy in force',
    status: 200,
    answer: policyView,
  },
  {
    id: 'putPolicy',
    method: 'post',
    path: '/v1/policy',
    tag: 'policies',
    summary: 'Put a new version of the routing policy in force, or try it on a share of the tasks',
    body: policyChange,
    status: 200,
    answer: policyView,
  },
  {
    id: 'checkPolicy',
    method: 'post',
    path: '/v1/policy/check',
    tag: 'policies',
    summary: 'Check a routing policy and say what it would do with the tasks that wait now',
    body: policyTrialRequest,
    status: 200,
    answer: policyTrial,
  },
  {
    id: 'listPolicyVersions',
    method: 'get',
    path: '/v1/policy/versions',
    tag: 'policies',
    summary: 'List the versions of the routing policy, newest first',
    query: pageQuery.omit({ cursor: true }),
    status: 200,
    answer: page(policyView),
  },
  {
    id: 'promotePolicy',
    method: 'post',
    path: '/v1/policy/promote',
    tag: 'policies',
    summary: 'Put the version that is tried in force for all tasks',
    body: policyPromotion,
    status: 200,
    answer: policyView,
  },
  {
    id: 'rollBackPolicy',
    method: 'post',
    path: '/v1/policy/rollback',
    tag: 'policies',
    summary: 'Put an earlier version in force again, as a new one',
    body: policyRollback,
    status: 200,
    answer: policyView,
  },
  ...namespaceOperations,
];
