/**
 * An agent that is a LangGraph graph. Its state is kept in shared documents under the task's id, so that an attempt goes on at the node where the one
 * before it ended, on whatever machine; what it has learnt is kept in a store that all attempts and agents share.
 *
 *   npm run agent examples/agents/langgraph.ts
 *   echo '{"task_id":"t1","task_type":"explain","priority":"low","required_capabilities":["explain"],"payload":{"topic":"leases"}}' | npx cadre submit -
 *   npx cadre wait t1
 */
import { Annotation, END, START, StateGraph } from '@langchain/langgraph';
import { CadreSaver, CadreStore } from '../../src/sdk/langgraph.ts';
import { type Client, createAgent, createClient, type Handler } from '../../src/sdk/index.ts';

const State = Annotation.Root({ topic: Annotation<string>, notes: Annotation<string[]>, text: Annotation<string> });

/** What the two nodes do; a real agent asks a model here. */
export interface Skills {
  gather(topic: string): Promise<string[]>;
  explain(topic: string, notes: readonly string[]): Promise<string>;
}

/** Explains a topic in two steps, and remembers each explanation. */
export function explainWithGraph(contexts: Client['contexts'], skills: Skills): Handler<{ readonly topic: string }> {
  const graph = new StateGraph(State)
    .addNode('gather', async ({ topic }) => ({ notes: await skills.gather(topic) }))
    .addNode('explain', async ({ topic, notes }, { store }) => {
      const text = await skills.explain(topic, notes);
      await store?.put(['explanations'], topic, { text });
      return { text };
    })
    .addEdge(START, 'gather')
    .addEdge('gather', 'explain')
    .addEdge('explain', END)
    .compile({ checkpointer: new CadreSaver(contexts), store: new CadreStore(contexts) });
  return async (task) => {
    const config = { configurable: { thread_id: task.task_id } };
    const { next } = await graph.getState(config);
    // Without an input a graph goes on where it stopped.
    const { text } = await graph.invoke(next.length > 0 ? null : { topic: task.payload.topic }, config);
    return { text };
  };
}

if (import.meta.main) {
  const agent = createAgent({
    id: process.env['AGENT_ID'] ?? 'langgraph-1',
    type: 'langgraph',
    capabilities: ['explain'],
    slots: 2,
    handler: explainWithGraph(createClient().contexts, {
      gather: async (topic) => [`${topic} are written down`, `${topic} end`],
      explain: async (topic, notes) => `What is known of ${topic}: ${notes.join(', ')}.`,
    }) as Handler,
  });
  await agent.start();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void agent.stop({ deregister: true }).then(() => process.exit(0)));
  }
}
