// Numbers as people read them, each with its unit.

const COUNT = new Intl.NumberFormat("en");

export const count = (number) => COUNT.format(number);

export const counted = (number, noun) => `${count(number)} ${noun}${number === 1 ? "" : "s"}`;

export const percent = (share) => `${Math.round(share * 100)} %`;

export function bytes(number) {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  let index = 0;
  while (number >= 1000 && index < units.length - 1) [number, index] = [number / 1000, index + 1];
  return `${number < 100 && index ? number.toFixed(1) : Math.round(number)} ${units[index]}`;
}

export function money(amount, currency) {
  const text = amount !== 0 && amount < 0.01 ? "< 0.01" : amount.toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  return `${text} ${currency}`;
}

// The two largest units: `2 h 5 min`.
export function duration(seconds) {
  if (seconds < 1) return `${Math.max(0, Math.round(seconds * 1000))} ms`;
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  const whole = Math.round(seconds);
  const parts = [[Math.floor(whole / 86400), "d"], [Math.floor(whole / 3600) % 24, "h"], [Math.floor(whole / 60) % 60, "min"], [whole % 60, "s"]];
  return parts.filter(([number]) => number).slice(0, 2).map(([number, unit]) => `${number} ${unit}`).join(" ");
}

export const between = (start, end) => (start && end ? duration((new Date(end) - new Date(start)) / 1000) : "–");

export function ago(moment) {
  const seconds = (Date.now() - new Date(moment)) / 1000;
  if (seconds < 5) return "just now";
  if (seconds < 90) return `${Math.round(seconds / 5) * 5} s ago`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min ago`;
  return seconds < 129600 ? `${Math.round(seconds / 3600)} h ago` : `${Math.round(seconds / 86400)} d ago`;
}

export const utc = (moment) => `${new Date(moment).toISOString().slice(0, 19).replace("T", " ")} UTC`;

// Ids of nodes have 72 characters; their ends tell one from another.
export const middle = (name, most = 28) => (name.length <= most ? name : `${name.slice(0, most - 13)}…${name.slice(-12)}`);
