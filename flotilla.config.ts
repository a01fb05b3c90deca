import { defineConfig } from './shared/contracts/config.ts';

/** The tasks of the examples. `npm start` runs `classify`. */
export default defineConfig({
  version: 1,
  tasks: {
    classify: {
      model: 'claude-haiku-5-5',
      instructions: [
        'You are given the name, the description and the beginning of the README of a software package.',
        'Say what kind of package it is, whom it is for, and what it does in one sentence of at most 20 words.',
        'Choose "other" when no category fits, and lower the confidence when the text says little.',
      ].join(' '),
      maxTokens: 300,
      output: {
        type: 'object',
        properties: {
          category: { type: 'string', enum: ['library', 'tool', 'framework', 'types', 'data', 'other'] },
          summary: { type: 'string', description: 'What it does, in one sentence.' },
          audience: {
            type: 'string',
            enum: ['application developers', 'library authors', 'operators', 'scientists', 'everyone'],
          },
          // The provider refuses minimum and maximum in a schema, so the range stands in words.
          confidence: { type: 'number', description: 'From 0 (a guess) to 1 (certain).' },
        },
        required: ['category', 'summary', 'audience', 'confidence'],
        additionalProperties: false,
      },
    },
    summarise: {
      model: 'claude-haiku-5-5',
      instructions:
        'Summarise the document in three sentences for a reader who has not seen it. Keep names and numbers. Add nothing.',
      maxTokens: 400,
    },
  },
});
