/** XML has no place for control characters, escaped or not. */
const unprintable = /[^\P{Cc}\t\n\r]/gu;
const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Text as it may stand in an element or an attribute. */
export function escapedXml(text: string): string {
  return text.replace(unprintable, ' ').replace(/[&<>"]/g, (mark) => entities[mark] ?? mark);
}
