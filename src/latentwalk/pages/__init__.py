"""Pages: an evaluation as one self-contained HTML file and as Markdown, and a training that grows."""
