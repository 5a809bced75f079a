// Where each state stands in the map of tiles: {postal code: [name, column, row]}.
export const STATES = {
  AK: ["Alaska", 1, 1], ME: ["Maine", 11, 1],
  WI: ["Wisconsin", 6, 2], VT: ["Vermont", 10, 2], NH: ["New Hampshire", 11, 2],
  WA: ["Washington", 1, 3], ID: ["Idaho", 2, 3], MT: ["Montana", 3, 3],
  ND: ["North Dakota", 4, 3], MN: ["Minnesota", 5, 3], IL: ["Illinois", 6, 3],
  MI: ["Michigan", 7, 3], NY: ["New York", 9, 3], MA: ["Massachusetts", 10, 3],
  OR: ["Oregon", 1, 4], NV: ["Nevada", 2, 4], WY: ["Wyoming", 3, 4], SD: ["South Dakota", 4, 4],
  IA: ["Iowa", 5, 4], IN: ["Indiana", 6, 4], OH: ["Ohio", 7, 4], PA: ["Pennsylvania", 8, 4],
  NJ: ["New Jersey", 9, 4], CT: ["Connecticut", 10, 4], RI: ["Rhode Island", 11, 4],
  CA: ["California", 1, 5], UT: ["Utah", 2, 5], CO: ["Colorado", 3, 5], NE: ["Nebraska", 4, 5],
  MO: ["Missouri", 5, 5], KY: ["Kentucky", 6, 5], WV: ["West Virginia", 7, 5],
  VA: ["Virginia", 8, 5], MD: ["Maryland", 9, 5], DE: ["Delaware", 10, 5],
  AZ: ["Arizona", 2, 6], NM: ["New Mexico", 3, 6], KS: ["Kansas", 4, 6], AR: ["Arkansas", 5, 6],
  TN: ["Tennessee", 6, 6], NC: ["North Carolina", 7, 6], SC: ["South Carolina", 8, 6],
  DC: ["District of Columbia", 9, 6],
  OK: ["Oklahoma", 4, 7], LA: ["Louisiana", 5, 7], MS: ["Mississippi", 6, 7],
  AL: ["Alabama", 7, 7], GA: ["Georgia", 8, 7],
  HI: ["Hawaii", 1, 8], TX: ["Texas", 4, 8], FL: ["Florida", 9, 8],
  GU: ["Guam", 1, 7], MP: ["Northern Mariana Islands", 2, 7], AS: ["American Samoa", 2, 8],
  PR: ["Puerto Rico", 10, 8], VI: ["U.S. Virgin Islands", 11, 8],
};
// Covered area codes that the server's table does not place.
export const ELSEWHERE = "··";
export const stateName = (state) => STATES[state]?.[0] ?? "Other area codes";
