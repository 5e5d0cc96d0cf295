import { page, pageQuery } from '../api.ts';
import { userId } from '../ids.ts';
import type { Operation } from '../operation.ts';
import {
  deprecationRequest,
  registeredView,
  registrationRequest,
  versionBodyView,
  versionNumber,
  versionView,
} from './registry.ts';

/** The operations on registered definitions. */
export const registryOperations: readonly Operation[] = [
  {
    id: 'registerDefinition',
    method: 'post',
    path: '/v1/definitions',
    tag: 'workflows',
    summary: 'Register a definition, or its next version; the same body again is the same version',
    body: registrationRequest,
    status: 201,
    answer: versionView,
  },
  {
    id: 'listDefinitions',
    method: 'get',
    path: '/v1/definitions',
    tag: 'workflows',
    summary: 'List registered definitions with their versions',
    query: pageQuery,
    status: 200,
    answer: page(registeredView),
  },
  {
    id: 'getDefinition',
    method: 'get',
    path: '/v1/definitions/:name',
    tag: 'workflows',
    summary: 'The versions of a registered definition',
    params: { name: userId },
    status: 200,
    answer: registeredView,
  },
  {
    id: 'getDefinitionVersion',
    method: 'get',
    path: '/v1/definitions/:name/versions/:version',
    tag: 'workflows',
    summary: 'A version of a registered definition with its body',
    params: { name: userId, version: versionNumber },
    status: 200,
    answer: versionBodyView,
  },
  {
    id: 'deprecateDefinition',
    method: 'patch',
    path: '/v1/definitions/:name/versions/:version',
    tag: 'workflows',
    summary: 'Deprecate a version, or take that back; its runs go on',
    params: { name: userId, version: versionNumber },
    body: deprecationRequest,
    status: 200,
    answer: versionView,
  },
];
