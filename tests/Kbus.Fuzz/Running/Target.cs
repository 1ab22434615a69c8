namespace Kbus.Fuzz;

/// <summary>One place where KBUS reads what a stranger wrote. It plays an input through the real parts, and checks what must be so after it.</summary>
/// <remarks>
/// Errors that are documented for bad input are an outcome like any other. Whatever else is thrown is a finding. An input gives the same run
/// each time, so that one that was found can be kept and replayed.
/// </remarks>
internal abstract class Target
{
    /// <summary>What it is called: <c>./fuzz NAME</c>.</summary>
    public abstract string Name { get; }

    /// <summary>What is read there, in a few words.</summary>
    public abstract string About { get; }

    /// <summary>Inputs to begin with, when the corpus has none.</summary>
    public virtual IEnumerable<byte[]> Seeds => [];

    /// <summary>The longest input that is played; what is longer is cut.</summary>
    public virtual int LongestInput => 4096;

    /// <summary>Plays one input.</summary>
    /// <exception cref="FindingException">Something that must be so is not.</exception>
    public abstract void Play(ReadOnlySpan<byte> input);

    /// <summary>Checks what must be so.</summary>
    protected static void Expect(bool isSo, string what)
    {
        if (!isSo)
        {
            throw new FindingException(what);
        }
    }
}
