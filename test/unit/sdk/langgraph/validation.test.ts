import { expect } from '@jest/globals';
import { deltaChannelHistoryTests, validate } from '@langchain/langgraph-checkpoint-validation';
import { CadreSaver } from '../../../../src/sdk/langgraph.ts';
import { createTestCloud } from '../../../../src/sdk/test-cloud/test-cloud.ts';
import { drivenContexts } from '../../../support/driven-contexts.ts';

// The kit is written for Vitest, whose soft expectations go on after a failure; here the first one ends its test.
Object.assign(expect, { soft: expect });

const initializer = {
  checkpointerName: 'CadreSaver',
  createCheckpointer: () => new CadreSaver(drivenContexts(createTestCloud())),
};

// LangGraph's own proof of a checkpointer.
validate(initializer);
deltaChannelHistoryTests(initializer);
