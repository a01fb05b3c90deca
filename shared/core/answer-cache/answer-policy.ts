/** `lru-10` lets go of the tenth that was used longest ago; `s3-fifo` first of what was asked for only once. */
export const answerPolicies = ['lru-10', 's3-fifo'] as const;
export type AnswerPolicyName = (typeof answerPolicies)[number];

/** Before a task's own keys have said anything: it does best on most streams. */
export const answerPolicyDefault: AnswerPolicyName = 's3-fifo';
