using Kbus.Core;
using Kbus.Link;

namespace Kbus.Simulation;

/// <summary>One command of a member, from its publication to the bus's answer.</summary>
internal sealed class Call
{
    /// <summary>What is asked.</summary>
    public required CommandCode Code { get; init; }

    /// <summary>The message, of a command that sends one.</summary>
    public Sending? Sending { get; init; }

    /// <summary>The name, of a command about one.</summary>
    public string? Name { get; init; }

    /// <summary>The flags of the command.</summary>
    public ushort Flags { get; init; }

    /// <summary>The argument of a setting.</summary>
    public uint Argument { get; init; }

    /// <summary>True if a guest's message points at its name and data.</summary>
    public bool IsPointy { get; init; }

    /// <summary>True of the part that completes a message.</summary>
    public bool IsLastPart { get; init; }

    /// <summary>The binding that this asks for.</summary>
    public Bound? Bound { get; set; }

    /// <summary>The choice that this makes.</summary>
    public Choice? Choice { get; set; }

    /// <summary>The Request whose answer is awaited no more.</summary>
    public Sending? Withdrawn { get; init; }

    /// <summary>What this gives back.</summary>
    public Receipt? GivenBack { get; init; }

    /// <summary>Which setting it is about.</summary>
    public Setting Setting => (Setting)Flags;

    /// <summary>True for a question about, or change of, one setting.</summary>
    public bool IsAbout(Setting setting) => Code == CommandCode.Ask && Setting == setting;

    /// <summary>The number by which its answer is found.</summary>
    public ulong Sequence { get; set; }

    /// <summary>Its place among the commands of its member.</summary>
    public int Order { get; set; }

    /// <summary>When the bus could see it.</summary>
    public long Begun { get; set; }

    /// <summary>When its answer was seen.</summary>
    public long Ended { get; set; } = Sending.Never;

    /// <summary>True if its member heard the answer.</summary>
    public bool WasHeard { get; set; }

    /// <summary>The answer.</summary>
    public Completion Answer { get; set; }

    /// <summary>The errno of the answer.</summary>
    public Errno Error => (Errno)Answer.Error;

    /// <inheritdoc/>
    public override string ToString() => Code == CommandCode.Ask ? $"{Code} {Setting} {Argument}" : $"{Code} {Name}{Sending}";
}
