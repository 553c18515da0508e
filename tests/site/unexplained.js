// Numbers on a page that no link explains: cells under a heading without one, facts, captions, what a day found.
() => {
  const number = text => /\d/.test(text), found = [];
  for (const table of document.querySelectorAll('.cl-table table')) {
    [...table.tHead.rows[0].cells].forEach((head, place) => {
      const cells = [...table.tBodies[0].rows].filter(row => row.className !== 'cl-group').map(row => row.cells[place]);
      if (cells.some(cell => number(cell.textContent)) && !head.querySelector('.cl-how')) found.push(head.textContent);
    });
  }
  for (const row of document.querySelectorAll('.cl-facts tr'))
    if (!row.closest('.cl-provenance') && number(row.cells[1].textContent) && !row.querySelector('.cl-how')) found.push(row.textContent);
  for (const words of document.querySelectorAll('figcaption, .cl-network .cl-note'))
    if (number(words.textContent) && !words.querySelector('.cl-how')) found.push(words.textContent);
  for (const banner of document.querySelectorAll('.cl-banner.cl-found'))
    if (!banner.querySelector('.cl-how')) found.push(banner.textContent);
  return found;
}
