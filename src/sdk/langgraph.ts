/** The entry `cadre/langgraph`: memory of LangGraph's agents in shared documents. It needs `@langchain/langgraph-checkpoint`. */
export { CadreSaver } from './langgraph/checkpointer.ts';
export { CadreStore } from './langgraph/store.ts';
export type { MemoryPlace } from './langgraph/documents.ts';
