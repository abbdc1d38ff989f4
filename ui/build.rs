//! Compiles the pages, with their English words built in.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let config = slint_build::CompilerConfiguration::new()
        .with_style("fluent-light".into())
        .with_bundled_translations("lang")
        // One sentence has one translation wherever it stands.
        .with_default_translation_context(slint_build::DefaultTranslationContext::None)
        // The scripted citizen finds what can be touched through it.
        .with_debug_info(true);
    slint_build::compile_with_config("app.slint", config)?;
    Ok(())
}
