"use strict";
// A song's time: as listeners read it, and how far an arrow key moves in it.

const STEP_S = 5;

// 3:42, or 1:02:07 past the hour, as `clock` in document.py writes it.
function clockText(seconds) {
  const whole = Math.round(seconds);
  const [minutes, hours] = [Math.floor(whole / 60), Math.floor(whole / 3600)];
  const two = (number) => String(number % 60).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(whole)}` : `${minutes}:${two(whole)}`;
}
