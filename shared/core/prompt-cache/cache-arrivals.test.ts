import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { entriesLeft, latestFirst, type SightedAt, stateAt } from './cache-arrivals.ts';

const at = Date.UTC(2026, 10, 29);
const minuteMs = 60_000;

/** Batches that were sealed so many minutes after the first. */
const sighted = (...batches: (readonly [minutes: number, ttl: SightedAt['ttl']])[]): SightedAt[] =>
  batches.map(([minutes, ttl]) => ({ bk: `${minutes}`, at: at + minutes * minuteMs, ttl, isPrimed: false })).reverse();

const ttlsOf = (sightings: readonly SightedAt[], written: readonly string[] = [], timeScale = 1) =>
  entriesLeft(sightings, { wrote: bk => written.includes(bk), timeScale })
    .map(({ ttl }) => ttl)
    .reverse();

describe('entriesLeft', () => {
  it('is what a marker says where nothing was there', () => {
    assert.deepEqual(ttlsOf(sighted([0, '5m'], [30, '1h'], [120, '5m'])), ['5m', '1h', '5m']);
  });

  it('is what was there, renewed, as long as nobody is known to have written', () => {
    const batches = sighted([0, '5m'], [2, '1h'], [6, '1h'], [20, '1h'], [22, '5m']);
    assert.deepEqual(ttlsOf(batches), ['5m', '5m', '5m', '1h', '1h']);
    assert.deepEqual(ttlsOf(batches, ['2']), ['5m', '1h', '1h', '1h', '1h']);
    assert.equal(stateAt(entriesLeft(batches.slice(2), { wrote: () => false }), at + 30 * minuteMs), 'cold');
    assert.equal(stateAt(batches.slice(2), at + 30 * minuteMs), 'warm');
  });

  it('is what the primed one of several sealed in one moment wrote, whatever their keys', () => {
    const batches = (['a', 'b', 'c'] as const).map(bk => ({ bk, at, ttl: bk === 'b' ? '1h' : '5m' }) as const);
    const found = (primed: string) =>
      ttlsOf(batches.map(batch => ({ ...batch, isPrimed: batch.bk === primed })).sort(latestFirst));
    assert.deepEqual(found('b'), ['1h', '1h', '1h']);
    assert.deepEqual(found('c'), ['5m', '5m', '5m']);
  });

  it('knows nothing of batches without markers, and counts the time of the provider', () => {
    assert.deepEqual(ttlsOf(sighted([0, '5m'], [1, null], [4, '1h'])), ['5m', null, '5m']);
    assert.deepEqual(ttlsOf(sighted([0, '5m'], [1, null], [4, '1h']), [], 2), ['5m', null, '1h']);
  });
});
