/**
 * Eleven digits whose last is the Luhn key of the others (ISO/IEC 7812-1 annex B), as the national
 * directory of health professionals gives them. FINESS numbers have nine and follow the same rule.
 */
export function luhn(digits: string): boolean {
  let total = 0;
  for (let place = 0; place < digits.length; place++) {
    const value = Number(digits[digits.length - 1 - place]) * (1 + (place % 2));
    total += value > 9 ? value - 9 : value;
  }
  return total % 10 === 0;
}

export function isRpps(text: string): boolean {
  return /^[0-9]{11}$/.test(text) && luhn(text);
}

/** Corsican FINESS numbers begin with 2A or 2B, which count as 21 and 22. */
export function isFiness(text: string): boolean {
  const plain = text.replace(/^2A/, '21').replace(/^2B/, '22');
  return /^[0-9]{9}$/.test(plain) && luhn(plain);
}
