//! The command lines of the skill's page, as an agent copies them.

use anyhow::{Context as _, Result};

use crate::workspace::Workspace;

/// The lines of `SKILL.md` that are commands.
pub(super) struct SkillPage {
    lines: Vec<String>,
}

impl SkillPage {
    pub(super) fn read(workspace: &Workspace) -> Result<Self> {
        let path = workspace.root().join("setup/src/skill/SKILL.md");
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("reading `{}`", path.display()))?;
        let lines = text.lines().filter(|line| line.starts_with("{baseDir}/bin/"));
        Ok(Self { lines: lines.map(str::to_owned).collect() })
    }

    /// The line that begins so behind the folder. Fails if the page has none.
    pub(super) fn line(&self, begins: &str) -> Result<&str> {
        let wanted = format!("{{baseDir}}/bin/{begins}");
        let line = self.lines.iter().find(|line| line.starts_with(&wanted));
        let line = line.with_context(|| format!("the page has no line `{begins} …`"))?;
        Ok(line.split(" # exit").next().unwrap_or(line))
    }
}
