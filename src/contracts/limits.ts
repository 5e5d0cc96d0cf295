/**
 * Every limit of Cadre, named with its unit last. Times are milliseconds, sizes are bytes of UTF-8.
 * A comment says what a wrong value costs.
 */

/** Payloads and outputs up to this size travel inside messages and rows; larger ones go to S3 by reference. Larger: dearer writes. */
export const inlineBytesMax = 64 * 1024;
/** Payloads up to this size are copied into the ready index, which saves a read per dispatch. Larger: an index entry costs a second write unit. */
export const indexedPayloadBytesMax = 512;
/** S3 objects that a claim check may name. Larger: an agent could be made to load more than its memory. */
export const blobBytesMax = 50 * 1024 * 1024;

/** SQS: one message and one batch (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html). */
export const sqsMessageBytesMax = 1024 * 1024;
/** SQS: entries of a batch call. */
export const sqsBatchSizeMax = 10;
/** EventBridge: the total size of a PutEvents call, since January 2026 (https://aws.amazon.com/blogs/compute/more-room-to-build-serverless-services-now-support-payloads-up-to-1-mb/). */
export const eventBridgeBytesMax = 1024 * 1024;
/** EventBridge: entries of a PutEvents call. */
export const eventBridgeBatchSizeMax = 10;
/** DynamoDB: statements of one BatchExecuteStatement. */
export const statementsMax = 25;
/** DynamoDB: keys of one BatchGetItem. */
export const batchGetMax = 100;

/** Characters of an id chosen by a user. Longer: keys and index entries grow beyond a write unit. */
export const idCharactersMax = 128;
/** Characters of the path of a node inside other nodes. Longer: with the workflow's id it outgrows the ids that agents report. */
export const pathCharactersMax = 160;
/** Capabilities that one task may require. More: routes multiply. */
export const capabilitiesMax = 16;
/** Backup agents of one task. */
export const backupAgentsMax = 8;
/** Tasks in one submission message, results in one results message. More: one poison entry delays too many others. */
export const tasksPerMessageMax = 25;
/** Slots of one agent. More: the agent's row costs more write units at each reservation. */
export const slotsMax = 200;
/** Tasks of one batch. More: a round hands out no more, and a lost message takes more of them with it. */
export const batchTasksMax = 100;
/** Bytes of the payloads of one batch. More: with what else its tasks bring it passes an SQS message. */
export const batchBytesMax = 256 * 1024;
/** Shortest time that the first of a batch waits for company. Shorter: a dispatcher is woken to the second, and would come too late for it. */
export const batchWaitMsMin = 1_000;
/** Longest time that the first of a batch waits for company. Longer: a critical task would wait for others until it is due. */
export const batchWaitMsMax = 30_000;
/** Labels of one agent. More: the agent's row costs more write units. */
export const labelsMax = 16;
/** Maintenance windows that an agent may announce. */
export const maintenanceWindowsMax = 8;
/** Task types of which an agent's row keeps figures; those with the least work are forgotten. More: its row costs more write units. */
export const figuredTypesMax = 16;
/** Ended attempts of a task type at which an agent's figures of it are halved. More: an agent that has changed is judged by what it was for longer. */
export const figuredAttemptsMax = 64;
/** Failures in a row after which an agent gets one task at a time, until one succeeds. Fewer: a bad task condemns a good agent. */
export const degradedFailuresMin = 5;
/** Time in which the agents that a pool is said to need finish what waits. Shorter: more agents for short bursts. */
export const desiredWaitMs = 30_000;
/** Time for which a pool is said to need as many agents as before when it needs fewer. Shorter: agents come and go with every pause; longer: they idle. */
export const desiredHoldMs = 60_000;
/** Waiting tasks of a route that the pulse looks at. More: each pulse reads more; fewer: a backlog is answered in smaller steps. */
export const scalingSampleMax = 25;
/** Rules of a pool's policy. More: each task is compared with more of them. */
export const routingRulesMax = 50;
/** Limits that a pool's policy may set. More: each task is compared with more of them. */
export const policyLimitsMax = 20;
/** Reservations that a pool's policy may make. More: each task is compared with more of them. */
export const reservationsMax = 20;
/** Overflow rules of a pool's policy. More: each pulse counts more queues. */
export const overflowRulesMax = 20;
/** Waiting tasks that an overflow rule may allow. More: each pulse reads as many entries of the index to count them. */
export const waitingTasksMax = 10_000;
/** Tasks that one pulse sheds under one rule. More: it may time out half-way; what is left comes with the next. */
export const shedPerPulseMax = 100;
/** Who was refused because a queue is full comes back after this time at the earliest: that of the next count. */
export const queueFullRetryMs = 3_000;
/** Namespaces and submitters of which a pool remembers that they had more than others; those with the least more are forgotten. More: the pool's row, which each round writes that shares out, costs more write units. */
export const sharersRememberedMax = 500;
/** Namespaces, and submitters, to which a policy may give a share of their own. */
export const sharesMax = 100;
/** Highest weight of a share, and what the lowest is a fraction of. Higher: who has the lowest weight waits for so many starts of the other. */
export const shareWeightMax = 1_000;
/** The name of a submitter in a policy. Longer: the subject of a token has 255 characters at most. */
export const submitterCharactersMax = 260;
/** Attempts of one key that a limit may let run at once. More: it limits nothing. */
export const concurrencyMax = 10_000;
/** Shortest period of a rate limit. Shorter: a dispatcher is woken to the second, and would come too late for it. */
export const ratePeriodMsMin = 1_000;
/** Longest period of a rate limit. Longer: its starts are remembered longer than anybody looks at them. */
export const ratePeriodMsMax = 24 * 3_600_000;
/** Starts in a period that a rate limit may allow. */
export const rateStartsMax = 1_000_000;
/** Keys with starts within their periods that a pool remembers; tasks of further keys wait. More: the pool's row, which each round with such tasks writes, costs more write units. */
export const ratedKeysMax = 100;
/** Longest time that a debounced task waits for another submission. */
export const debounceMsMax = 24 * 3_600_000;
/** Nearest to its deadline that a task's level may still rise. Nearer: the deadline has passed before the pulse comes. */
export const escalationMsMin = 2_000;
/** Dollars that one attempt may report. More: a slip of the decimal point uses up everything. */
export const attemptUsdMax = 1_000_000;
/** Tokens that one attempt may report. */
export const attemptTokensMax = 1_000_000_000_000;
/** Dollars of a budget: in millionths they are whole numbers far below 2^53. */
export const budgetUsdMax = 1_000_000_000;
/** Tokens of a budget. */
export const budgetTokensMax = 1_000_000_000_000_000;
/** Tasks of killed namespaces that one look cancels; the rest comes with the next pulse. More: the pulse may time out half-way. */
export const sweptTasksMax = 100;
/** Lanes of their own for tasks with keys: what a full key holds back stands in the way of a few other keys, never of a task without one. More: more heads to read. */
export const keyLanesMax = 16;
/** Tasks of a route that a round passes over because each is held back for itself, by a limit or a policy. More: each dispatch reads more of a backlog that may not start; fewer: what could start waits behind them. */
export const heldTasksMax = 500;
/** Smallest share of the tasks on which a policy is tried. Smaller: it is never judged. */
export const canaryShareMin = 0.01;
/** Largest share of the tasks on which a policy is tried. Larger: the version in force has too few to compare with. */
export const canaryShareMax = 0.9;
/** Fewest tasks on either side after which a trial may be judged. Fewer: chance judges. */
export const canarySamplesMin = 10;
/** Time after which a canary is taken back that leaves no agent to a waiting task. Shorter: an agent that restarts ends a trial. */
export const canaryStarvedMs = 60_000;
/** Strategies that a policy may define. */
export const policyStrategiesMax = 20;
/** Bytes of a policy. It is read with the pool by every dispatch. More: each dispatch costs more read units. */
export const policyBytesMax = 16 * 1024;
/** Time that a policy's own expression may take for all agents. Longer: it holds up the dispatcher of its pool. */
export const scoringMsMax = 250;
/** Time that the expressions of a policy may take together for all types of the tasks that a round looks at. Longer: its pool stands still. */
export const scoringRoundMsMax = 1_000;
/** Time a task may wait for an agent that a policy prefers while others are free. Longer: such tasks at the head of a route hold up more of those behind. */
export const preferenceMsMax = 600_000;
/** Shortest time that a task runs before a second run of it begins. Shorter: what would have ended in a moment is run twice. */
export const hedgeAfterMsMin = 1_000;
/** Ended attempts of a task type from which its p95 is known well enough to hedge by. Fewer: chance decides what is run twice. */
export const hedgeKnownMin = 20;
/** Pause after which a task is looked at again that found no idle slot for its second run. Shorter: more writes while agents are busy. */
export const hedgeLookMs = 10_000;
/** Tasks that a dispatcher hands out in one round; its last batch is given whole. More: a lost invocation leaves more reservations to be repaired. */
export const assignmentsPerRoundMax = 100;
/** Dispatchers that hand out what one round of a large pool decided, the one that decided among them: each does so many tasks. More: more rows are read at once, and more is in flight when a round is lost. */
export const roundShardsMax = 8;
/** Time from a decision until another dispatcher must have begun to hand out its share. Longer: what a lost message was about waits for so long; shorter: more is decided twice. */
export const roundShardMsMax = 500;
/** Rounds of one dispatch invocation before it hands over to a fresh one. More: the invocation may time out half-way. */
export const dispatchRoundsMax = 20;
/** Routes that a round reads where hints may still be unread. More: a pool of very many routes would be read whole for each of them; fewer: only what was hinted is in order with the rest. */
export const routesPerRoundMax = 100;
/** Agents that stand in one partition with their pool, which takes 1,000 writes a second; those that come later stand in others. Fewer: small pools take more calls to read; more: one partition limits them. */
export const agentsTogetherMax = 50;
/** Partitions of those that come later. More: each look at a large pool asks more of them. */
export const agentPartsMax = 16;
/** Partitions of the ready index over which the tasks of a busy route stand: each takes 1,000 writes a second, two a task. More: each look at such a route asks more of them. */
export const readyPartsMax = 3;
/** The same in a pool whose agents stand in partitions of their own. */
export const largePoolReadyPartsMax = 12;
/** Tasks of a route that one process accepts in a second before more of them stand in the other parts. Fewer: routes are spread that need not be; more: several processes fill one partition. */
export const busyRouteTasksMin = 100;
/** Ready tasks read from one route in one round. */
export const readyPageSizeMax = 100;

/** Attempts of a task whose definition says nothing. */
export const defaultAttemptsMax = 3;
/** Attempts that a definition may ask for. */
export const attemptsMax = 100;
/** First pause before a retry; it doubles with each attempt, with jitter. */
export const defaultBackoffMs = 1_000;
/** Longest pause before a retry. */
export const backoffMsMax = 300_000;
/** Time a task may run on one attempt when its definition says nothing. */
export const defaultTimeoutMs = 15 * 60_000;
/** Longest time-out of one attempt. Longer work belongs to several tasks. */
export const timeoutMsMax = 24 * 3_600_000;
/** Furthest deadline of a node, from its start. */
export const deadlineMsMax = 30 * 24 * 3_600_000;
/** Longest run of a workflow, from when its execution began: then it is cancelled with `run-too-long`. Longer: outputs of its first tasks are gone while it may still ask for them, as are its waits for a key. */
export const runMsMax = 90 * 24 * 3_600_000;
/** Longest wait of a workflow's node. Longer: the execution's backstop and the retention of its parts come first. */
export const waitMsMax = 30 * 24 * 3_600_000;
/** What runs in a cancelled workflow has this long to end by itself when nothing else is said. Longer: people wait for what they have given up; shorter: work is cut off that could be left clean. */
export const cancelGraceMs = 30_000;
/** The most that may be given. Longer: a cancelled workflow is a running one. */
export const cancelGraceMsMax = 15 * 60_000;
/** Events that a workflow keeps for nodes that do not wait for them yet. More: each advance writes a larger head. */
export const keptSignalsMax = 100;
/** Published events that one name and key keeps. More: each node that begins to wait for them reads more. */
export const publishedEventsMax = 100;
/** Shortest time for which a published event is kept. Shorter: a repeat of it may no longer be known as one. */
export const eventTtlMsMin = 10 * 60_000;
/** Time for which a published event is kept for nodes that do not wait for it yet, unless it says otherwise. */
export const defaultEventTtlMs = 24 * 3_600_000;
/** Longest time for which a published event is kept. */
export const eventTtlMsMax = 30 * 24 * 3_600_000;
/** Workflows to which one look brings a published event; the next look goes on. More: the pulse may time out half-way. */
export const awaitingPerLookMax = 100;
/** Events of which one node waits for the first. */
export const awaitedEventsMax = 20;
/** A task that waited this long is failed as expired. Longer: a forgotten backlog lives for ever. */
export const queuedMsMax = 14 * 24 * 3_600_000;
/** A critical task waits this long behind full agents before another task has to make way for it. Shorter: work is thrown away for slots that come free anyway. */
export const preemptAfterMs = 3_000;
/** A task that had to make way runs at least this long after that before it has to again. Shorter: it may never get on. */
export const preemptPauseMs = 60_000;
/** Work that has run this long does not make way any more. Longer: more is thrown away when nothing saved a checkpoint. */
export const preemptedWorkMsMax = 600_000;
/** An agent that has not made way after this time is not waited for: another task is asked. */
export const preemptAnswerMsMax = 30_000;
/** An interrupted handler has this long to save its checkpoint before its task is handed back without it. */
export const checkpointMsMax = 5_000;
/** Waiting tasks of one level of a route that are read to tell when another one starts at the latest; behind more, nothing is told. */
export const boundedBacklogMax = 1_000;
/** A critical task is due this long after it was accepted, unless its deadline comes first; tasks that are due stand before all others. */
export const criticalWindowMs = 60_000;
/** The same for a high task. Shorter: it overtakes fresh critical tasks sooner; longer: it waits longer behind an endless stream of them. */
export const highWindowMs = 600_000;
/** The same for a medium task. */
export const mediumWindowMs = 3_600_000;
/** The same for a low task. */
export const lowWindowMs = 14_400_000;
/**
 * A level behind a full page in which nothing comes due is left in peace this long. Longer: a task that joins it overdue is overlooked longer; shorter: a
 * pool with a backlog is asked for it in more of its rounds.
 */
export const dueLookMs = 1_000;
/** Finished rows are removed by the table's TTL after this time. */
export const retentionMs = 30 * 24 * 3_600_000;

/** An agent that holds work reports this often. Shorter: more messages; longer: slower recovery. */
export const heartbeatIntervalMs = 3_000;
/** An agent that holds nothing reports this often. */
export const idleHeartbeatIntervalMs = 30_000;
/** Reports an agent may miss before its lease is lost. */
export const missedHeartbeatsMax = 2.5;
/** A reserved slot that the agent has not reported after this time is taken back. Shorter than this, a slow poll looks like a loss. */
export const confirmMsMax = 9_000;
/** Longest time that a request for work waits at an inbox: SQS allows no more, and API Gateway answers after 30 s. */
export const workWaitSecondsMax = 20;
/** Time between two pulses while there is work. */
export const pulseIntervalMs = 3_000;
/** Pulse ticks on their way at most: fewer calls when more, a longer tail of empty ticks when the work ends. */
export const pulseTicksMax = 8;
/** Ticks left on their way when the next ones are sent. Fewer: as many lost messages in a row stop the pulse until the watchdog comes. */
export const pulseTicksMin = 4;
/**
 * Time between two looks at a sleeping pool: the watchdog's rule, whose shortest interval is a minute, puts those in between on their way. Longer:
 * hints that were all lost are found later than recovery may take; shorter: the idle bill grows.
 */
export const watchdogLookMs = 20_000;
/**
 * Timers due within this time get a tick of their own: two watchdogs long, so that the loss of one delays nothing. Longer: more of the ticks are sent
 * twice; beyond 900 s SQS refuses the delay.
 */
export const timerHorizonMs = 120_000;
/** So long after its time the timer of a deadline that has no task is kept. Shorter than a function may run: the task that is written behind its timer would wait without one. */
export const orphanTimerMs = 30_000;
/** Due timers that one pulse wakes; the rest comes with the next. More: the pulse may time out half-way. */
export const timersPerPulseMax = 100;

/** Nodes of a workflow, those that it grows while it runs included. More: the state in its head outgrows a few write units. */
export const nodesMax = 10_000;
/** Nodes inside nodes inside nodes. Deeper: paths and whoever reads them give up. */
export const depthMax = 20;
/** Rounds of a loop whose definition says nothing. */
export const defaultLoopRoundsMax = 100;
/** Rounds that a loop may ask for; each adds its nodes to the workflow. */
export const loopRoundsMax = 1_000;
/** Bytes of the nodes that a task may return as its plan. More: one answer fills the workflow. */
export const planBytesMax = 1024 * 1024;
/** Bytes of all expansions' values (items, inputs) that one step may add. Larger: a function's memory. */
export const expansionBytesMax = 5 * 1024 * 1024;
/** Nodes without a task that end in one transaction; the rest follows in the next one. More: it would pass DynamoDB's 100 actions. */
export const resultsPerTransactionMax = 20;
/** Bytes of a workflow definition with its input, as submitted. */
export const definitionBytesMax = 5 * 1024 * 1024;
/** Versions of a registered definition. More: its row, which every listing reads, grows beyond a read. */
export const definitionVersionsMax = 500;
/** Bytes of a registered definition, or of what a schedule runs, as they are stored, packed. More: they no longer fit a row, and what is stored elsewhere expires. */
export const packedBytesMax = 350 * 1024;
/** Successor rows written inside the advance's own transaction; a wider fan-out is inserted after it, in batches. */
export const startsPerTransactionMax = 60;
/** Time one JSONata expression may take. Longer: a hostile expression holds a function. */
export const expressionMsMax = 1_000;
/** Characters of one JSONata expression. */
export const expressionCharactersMax = 8_192;

/** Characters of a schedule's id: its runs' ids are this and a time. */
export const scheduleIdCharactersMax = 100;
/** Characters of a cron expression. */
export const cronCharactersMax = 100;
/** Shortest interval of a schedule. Shorter: a run costs more than its work; use a loop inside a workflow. */
export const scheduleIntervalMsMin = 10_000;
/** Longest interval of a schedule. */
export const scheduleIntervalMsMax = 366 * 24 * 3_600_000;
/** Dates that one schedule excludes. */
export const excludedDatesMax = 1_000;
/** A fire time missed by more than this is left out, when the schedule says nothing. Longer: an outage is followed by a wave of old runs. */
export const defaultCatchUpMs = 10 * 60_000;
/** Longest catch-up window. */
export const catchUpMsMax = 7 * 24 * 3_600_000;
/** Fire times that wait for the run before; more are left out. */
export const scheduleQueueMax = 100;
/** Fire times that a look into the future shows. */
export const scheduleTimesShownMax = 100;
/** Characters of a document's path. Longer: its rows and index entries cost more. */
export const contextIdCharactersMax = 256;
/** Levels of a document's path. More: a page of a listing tells people less, and policies are harder to see through. */
export const contextLevelsMax = 8;
/** Bytes of a document, as JSON text. Larger bodies belong to S3, with their key in the document. */
export const documentBytesMax = 4 * 1024 * 1024;
/** Bodies above this size are compressed. Smaller: time is spent to save less than a write unit. */
export const uncompressedBytesMax = 4 * 1024;
/** A packed body up to this size lies in its row, a larger one in S3. Larger: a transaction of 25 documents passes DynamoDB's 4 MB. */
export const rowBodyBytesMax = 128 * 1024;
/** Tags of a document: each is a row that changes with it. */
export const tagsMax = 20;
/** Relations of a document to others: each is a row beside the other one. More: with the tags, all of them replaced by others, they do not fit into one transaction of DynamoDB. */
export const relationsMax = 25;
/** Documents of one transaction. More: DynamoDB's 100 actions are passed. */
export const transactionDocumentsMax = 25;
/** Documents of one batch of reads. */
export const documentBatchMax = 100;
/** Operations of one JSON Patch. */
export const patchOperationsMax = 1_000;
/** Items of one append. */
export const appendItemsMax = 1_000;
/** Steps from a document to its neighbours. More: one question reads a whole namespace. */
export const relationDepthMax = 5;
/** Documents that are looked through for a circle of relations. More: a write waits for longer than a second. */
export const relationChainMax = 200;
/** Versions that a task tells it has read, a call. More: one call is more than a few batches of rows. */
export const lineageReadsMax = 100;
/** Candidates of each ranking that one question looks at for those that its caller may read. More: it reads too many heads. */
export const searchCandidatesMax = 2_000;
/** Documents that one walk over relations visits. More: the answer comes too late. */
export const visitedDocumentsMax = 1_000;
/** A change is listed when it is this old: one that was stamped earlier is written by then. Shorter: a slow writer's change may be missed. */
export const changeSettleMs = 5_000;
/**
 * No write of a change begins later than this after its stamp; it is stamped anew. The rest of the time until it is listed is for the write itself, with what AWS's client repeats by itself. Longer: a slow write lands behind
 * the cursors of readers of the changes, who miss it.
 */
export const commitBeginMsMax = 2_500;
/** Rules of a policy, of a document or a namespace. More: every access reads them all. */
export const policyRulesMax = 100;
/** Bytes of a document's policy, and of its merge rules. More: with the data they do not fit into its row. */
export const documentRulesBytesMax = 64 * 1024;
/** Bytes of a namespace's policy. More: it does not fit into its row, which every access reads. */
export const namespacePolicyBytesMax = 256 * 1024;
/** Times a change is decided again when somebody else was faster. More: a hot document holds a function; the caller may try again. */
export const commitRepeatsMax = 8;
/** A document that was deleted softly can be restored for so long. */
export const deletedRetentionMs = 30 * 24 * 3_600_000;
/** Longest retention, in days. */
export const retentionDaysMax = 36_500;
/** Versions beyond those that are kept are removed so long after the last change: a document that changes often is not pruned with each change. */
export const pruneDelayMs = 24 * 3_600_000;
/** Documents that one look compares with a new retention; the next look goes on. More: its function may time out half-way. */
export const walkedDocumentsMax = 2_000;
/** Bytes of data in one object of the archive; a longer history has several. More: packing and reading it fills a function's memory. */
export const archiveBytesMax = 16 * 1024 * 1024;
/** Archive objects from this size on lie in the cheapest class that answers at once, which bills smaller ones as this size. */
export const coldBytesMin = 128 * 1024;
/** Who changes what others decide by, or removes what they may still write, looks (again) after this time: longer than any of their functions runs. */
export const settleMs = 150_000;
/** Documents that one look of the lifecycle takes up. More: its function may time out half-way. */
export const sweptDocumentsMax = 100;
/** Holders of one semaphore. More: its row grows, and each change writes all of it. */
export const lockSlotsMax = 1_000;
/** Longest time for which a slot of a lock is taken without being renewed. Longer: a dead holder keeps others waiting. */
export const lockTtlMsMax = 24 * 3_600_000;
/** Bytes of the JSON Schema of a type. More: each write of a document of the type reads and compiles it. */
export const schemaBytesMax = 32 * 1024;
/** Versions of a registered type. More: a read of its oldest documents makes as many migrations. */
export const typeVersionsMax = 100;
/** The audit, and which task read and wrote which version, are kept for this time. Longer: ids of what was erased stay longer. */
export const traceRetentionMs = 400 * 24 * 3_600_000;
/** A table can be had again as it was at any moment of this time before: DynamoDB's longest. Longer than it is: a certificate says too much of what stays. */
export const backupRetentionMs = 35 * 24 * 3_600_000;
/** Documents of one subject that one certificate is about; the rest needs another one. More: its row passes DynamoDB's 400 KB. */
export const forgottenDocumentsMax = 500;
/** Bytes of data in one page of an export. Larger: it passes what a function may answer. */
export const exportBytesMax = 1024 * 1024;
/** Places that a task may declare it reads. More: its row, its index entry and its message grow. */
export const declaredReadsMax = 20;
/** Documents that a run reads in versions of their own. More: every row, index entry and message of its tasks grows. */
export const documentPinsMax = 20;
/** Writers in a version vector. More: the head of a document, written with each change, grows by some 50 bytes each. */
export const vectorWritersMax = 32;
/** Offline edits of one document that one call lands. More: each is a transaction, and the call takes too long. */
export const syncedEditsMax = 25;
/** Places that an agent watches in one namespace. More: each change of a document is compared with all of them. */
export const watchedPlacesMax = 20;
/** Agents that watch documents of one namespace. More: each change reads them all, and may send as many messages. */
export const watchersMax = 100;
/** Snapshots of one namespace. More: each removal by a retention reads them all. */
export const snapshotsMax = 100;
/** Characters of a snapshot's name: it is part of the ids of what a rewind writes. */
export const snapshotNameCharactersMax = 40;
/** Longest time that a snapshot keeps what it names, in days. */
export const snapshotDaysMax = 3_650;
/** What a snapshot keeps from being removed is looked at again after this time. Shorter: each look costs; longer: it outlives its snapshot by as much. */
export const pinnedLookMs = 24 * 3_600_000;
/** Bytes of a difference that the dry run of a rewind shows. Larger: a page passes what a function may answer; `diff` shows it. */
export const shownPatchBytesMax = 32 * 1024;
/** Longest life that a document may be given. */
export const ttlMsMax = 10 * 365 * 24 * 3_600_000;

/** Levels of one approval. More: its row outgrows an item. */
export const approvalLevelsMax = 10;
/** Users and groups of one level, together. More: a change of level passes DynamoDB's 100 actions. */
export const candidatesMax = 16;
/** Approvals that all levels of one node may need together. More: its row outgrows an item. */
export const approvalDecisionsMax = 25;
/** Claims, releases, delegations and comments kept of one approval. More: its row outgrows an item. */
export const approvalActionsMax = 40;
/** Delegations of one level. More: a change of level passes DynamoDB's 100 actions. */
export const delegationsMax = 8;
/** Groups that a person is listed in. More: each look into an inbox reads more partitions. */
export const groupsMax = 50;
/** Characters of a principal. */
export const principalCharactersMax = 256;
/** Characters of an approval's title. */
export const approvalTitleCharactersMax = 200;
/** Characters of an approval's description. */
export const approvalTextCharactersMax = 4_000;
/** Characters of a comment on an approval. */
export const approvalCommentCharactersMax = 1_000;
/** Bytes of an approval's form, and of an answer to it. */
export const approvalFormBytesMax = 4 * 1024;

/** Items of one page of the API. */
export const pageSizeMax = 100;
/** Characters of a question to the index. Longer: every word is one more list to read. */
export const questionCharactersMax = 2_000;
/** Hits of one question. More: each is a document to be read. */
export const searchHitsMax = 50;
/** Documents that a request for context may pin. */
export const pinnedMax = 50;
/** Tokens of one assembled context. More: no model takes it, and the answer passes what a function may answer. */
export const assembledTokensMax = 1_000_000;
