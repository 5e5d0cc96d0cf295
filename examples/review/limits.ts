/**
 * Every bound of the review in one place, unit last. They keep the definition, the messages between tasks and the
 * report small whatever the tree looks like; what is cut is counted and said, never dropped silently.
 */

/** Files looked at in one tree. More are reported as left out; 20,000 give a definition of about one megabyte. */
export const filesMax = 20_000;
/** Depth of the walk outside git. A deeper tree is almost always a generated one. */
export const depthMax = 40;
/** A larger text is counted but not analysed: it is data or a bundle, and one such file would hold up its group. */
export const fileBytesMax = 1_048_576;
/** A text with longer lines than this on average was written by a machine; its findings would help nobody. */
export const generatedMeanLineChars = 300;

/** Files of one analysis task. Smaller groups cost more messages, larger ones repeat more work after a failure. */
export const groupFilesMin = 25;
/** Bytes of one analysis task, so that a group of large files does not take ten times as long as its siblings. */
export const groupBytesMax = 1_500_000;
/** Analysis groups aimed at in one workflow: large trees get larger groups rather than more of them. */
export const groupsTarget = 40;
/** The secrets and history checks read quickly, so their groups are this many times larger. */
export const sweepGroupFactor = 4;
/** Suspicious files with a task of their own. A tree with more has a systematic fault: the rest share tasks. */
export const brokenTasksMax = 20;

/** What one group may tell of one check; the number left out is told as well. */
export const findingsPerCheckMax = 100;
/** Fingerprints of one group, serialised. Above it, they are thinned evenly and by value, so that groups still join. */
export const fingerprintsBytesMax = 40_000;
/** Heading anchors of one group, serialised. A document over it is left out of the check of anchors, and says so. */
export const anchorsBytesMax = 24_000;
/** Links to anchors in other documents that one group hands on. */
export const linksPerGroupMax = 400;
/** Paths listed for one licence and manifests listed for one group: enough to act upon, not an inventory. */
export const pathsListedMax = 20;
/** Files of one group whose history is asked for. Each costs one run of git. */
export const blamedFilesMax = 200;
/** Candidate pairs of duplicated blocks which are compared line by line. */
export const duplicatePairsMax = 2_000;
/** Places that share one fingerprint beyond which it is boilerplate (a licence header, an import list). */
export const duplicatePlacesMax = 12;

/** One run of git. A repository on a slow disk needs seconds, never minutes. */
export const gitMsMax = 30_000;
/** Output of one run of git. */
export const gitOutputBytesMax = 67_108_864;
/** One analysis task. The largest group takes seconds; longer means that the disk or git hangs. */
export const analysisTimeoutMs = 300_000;
/** Entries of each "most" list of the report: the longest functions, the oldest marks. */
export const topEntriesMax = 10;
/** Duplicated blocks that the report's JSON lists. */
export const duplicatesListedMax = 100;
