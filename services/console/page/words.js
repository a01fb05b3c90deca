// How numbers and times are written, as in the command line.

const grouped = new Intl.NumberFormat('en-US');

/** `12,345`: never abbreviated. */
export const formatCount = count => grouped.format(count);

export const plural = (count, one, many) => `${formatCount(count)} ${count === 1 ? one : many}`;

/** `38 s`, `11 min`, `4 h 12 min`, `2 d 3 h`. */
export function formatAge(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  return hours % 24 === 0 ? `${Math.floor(hours / 24)} d` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** In the zone of the reader; with the day when it is another. */
export function formatTime(at, hasMs = false) {
  const date = new Date(at);
  const part = (number, digits = 2) => String(number).padStart(digits, '0');
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(number => part(number)).join(':');
  const day =
    date.toDateString() === new Date().toDateString() ? '' : `${part(date.getMonth() + 1)}-${part(date.getDate())} `;
  return `${day}${time}${hasMs ? `.${part(date.getMilliseconds(), 3)}` : ''}`;
}

/** Cut in the middle: beginning and end of an id tell it apart. */
export function shortened(text, charactersMax) {
  const characters = [...text];
  if (characters.length <= charactersMax) return text;
  const half = Math.floor((charactersMax - 1) / 2);
  return `${characters.slice(0, half).join('')}…${characters.slice(-half).join('')}`;
}
